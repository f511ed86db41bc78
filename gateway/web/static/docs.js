// Swagger UI over our own document; a session's requests carry its CSRF token.
window.ui = SwaggerUIBundle({
  url: document.querySelector("meta[name=document]").content,
  dom_id: "#swagger",
  docExpansion: "none",
  deepLinking: true,
  filter: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    request.headers["X-CSRFToken"] = document.querySelector("meta[name=csrf]").content;
    return request;
  },
});
