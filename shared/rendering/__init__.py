"""Templates that users write, and what is made of them: graphs and exports."""
