// Script of /docs. A separate file, since the page may run no inline script.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  oauth2RedirectUrl: new URL("docs/oauth2-redirect", location).href,
  // The document goes to nobody else, and a token ends with the page.
  validatorUrl: null,
  persistAuthorization: false,
});
