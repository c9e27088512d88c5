// A form is sent once: a second click waits for the answer to the first.
document.addEventListener("submit", function (event) {
  var form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  window.setTimeout(function () { delete form.dataset.sent; }, 5000);
});
// A choice that says so sends its form.
document.addEventListener("change", function (event) {
  if (event.target.dataset.sends) { event.target.form.requestSubmit(); }
});
// A page that waits for something looks again by itself.
var waiting = document.querySelector("[data-reload-seconds]");
if (waiting) { window.setTimeout(function () { window.location.reload(); }, waiting.dataset.reloadSeconds * 1000); }
window.addEventListener("pageshow", function () {
  document.querySelectorAll("form").forEach(function (form) { delete form.dataset.sent; });
});
// Airflow shows these pages in a frame that may not lead the whole window elsewhere; its own page may.
document.addEventListener("click", function (event) {
  var link = event.target.closest ? event.target.closest("a[target=_top]") : null;
  if (!link || window.top === window) { return; }
  event.preventDefault();
  var outer = window.top.document.createElement("a");
  outer.href = link.href;
  window.top.document.body.append(outer);
  outer.click();
  outer.remove();
});
