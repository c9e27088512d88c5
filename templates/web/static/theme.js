// Light or dark as Airflow's own pages, which keep the choice under this key; else as the machine.
(function () {
  var chosen = null;
  try { chosen = window.localStorage.getItem("theme"); } catch (refused) { chosen = null; }
  if (chosen !== "light" && chosen !== "dark") {
    chosen = window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
  document.documentElement.setAttribute("data-theme", chosen);
})();
