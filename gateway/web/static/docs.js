// Swagger UI over our own document, as dark as the reader likes it; a session's requests carry its CSRF token.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
window.ui = SwaggerUIBundle({
  url: document.querySelector("meta[name=document]").content,
  dom_id: "#swagger",
  docExpansion: "none",
  filter: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    request.headers["X-CSRFToken"] = document.querySelector("meta[name=csrf]").content;
    return request;
  },
});
// Swagger UI gives its selects no names, and a link within the button of each operation to what has deep links.
new MutationObserver(() => {
  for (const select of document.querySelectorAll("#swagger select:not([aria-label])"))
    select.setAttribute("aria-label", select.closest("[data-param-name]")?.dataset.paramName ?? "Server");
}).observe(document.getElementById("swagger"), { childList: true, subtree: true });
