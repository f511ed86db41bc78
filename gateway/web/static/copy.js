// Gives every example a button that copies it; without script there is simply none.
for (const figure of document.querySelectorAll("section.copy figure")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(figure.querySelector("pre").textContent);
    button.textContent = "Copied";
  });
  figure.querySelector("figcaption").append(button);
}
