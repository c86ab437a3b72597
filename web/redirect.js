// Swagger UI's script hands what the address says to the window that asked for
// it, and fails where there is none: in a page opened by hand it stays away.
if (window.opener?.swaggerUIRedirectOauth2) {
  const script = document.createElement("script");
  script.src = "assets/oauth2-redirect.js";
  document.body.append(script);
}
