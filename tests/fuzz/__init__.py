"""Whatever is sent, nothing ends in an error of ours."""
