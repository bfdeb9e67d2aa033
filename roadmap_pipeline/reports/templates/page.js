// Draws each chart, and draws it anew when the reader's system turns dark or light.
const dark = matchMedia("(prefers-color-scheme: dark)");
async function draw() {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  const axis = {
    labelColor: color("--ink"), titleColor: color("--soft"), domainColor: color("--line"), tickColor: color("--line"),
    gridColor: color("--line"), labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal",
  };
  const config = {
    background: "transparent", font: getComputedStyle(document.body).fontFamily, axis, view: {stroke: null},
    legend: {labelColor: color("--ink"), orient: "top", labelFontSize: 12, symbolType: "circle"},
  };
  for (const chart of document.querySelectorAll(".chart")) {
    const spec = JSON.parse(chart.parentElement.querySelector("script").textContent);
    // ast: expressions are interpreted, so that the page needs no right to evaluate code.
    const options = {actions: false, renderer: "svg", ast: true, config, tooltip: {theme: dark.matches ? "dark" : "light"}};
    await vegaEmbed(chart, spec, options);
  }
}
dark.addEventListener("change", draw);
draw();
