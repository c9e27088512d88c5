// Light or dark as Airflow's own pages, which keep the choice under this key; else as the machine. At once when it changes.
(function () {
  var machine = window.matchMedia("(prefers-color-scheme: dark)");
  function follow() {
    var chosen = null;
    try { chosen = window.localStorage.getItem("theme"); } catch (refused) { chosen = null; }
    if (chosen !== "light" && chosen !== "dark") { chosen = machine.matches ? "dark" : "light"; }
    document.documentElement.setAttribute("data-theme", chosen);
  }
  follow();
  window.addEventListener("storage", follow);
  machine.addEventListener("change", follow);
})();
