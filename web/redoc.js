// Script of /redoc. A separate file, since the page may run no inline script.
Redoc.init(
  "openapi.json",
  {
    // The search runs in a worker made of a blob, which the page may not load.
    disableSearch: true,
    // The menu scrolls as everything else does, by keys too.
    nativeScrollbars: true,
  },
  document.getElementById("docs"),
);
