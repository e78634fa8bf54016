// Drives the dashboard in headless Chromium: axe at two widths in both color schemes, then what a person does.
// `dashboard.js URL OPEN` prints what was seen as JSON; OPEN is a query with something of each kind open.
const { chromium } = require("playwright-core");

async function check(browser, url) {
  const problems = [];
  for (const width of [1280, 390]) {
    for (const colorScheme of ["light", "dark"]) {
      // The page's policy allows no other script, so axe has to get around it.
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, bypassCSP: true });
      const page = await context.newPage();
      await page.goto(url);
      await page.waitForSelector("[data-state=connected]");
      await page.evaluate(() => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
      await page.addScriptTag({ path: require.resolve("axe-core") });
      const { violations } = await page.evaluate(() => axe.run());
      for (const { id, nodes } of violations) problems.push(`${width} ${colorScheme} ${id}: ${nodes[0].html}`);
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (beyond > 0) problems.push(`${width} ${colorScheme}: ${beyond} pixels too wide`);
      await context.close();
    }
  }
  return problems;
}

async function use(browser, url) {
  const seen = { errors: [] };
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  page.on("pageerror", (error) => seen.errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && seen.errors.push(message.text()));
  await page.goto(url);
  await page.waitForSelector("[data-state=connected]");

  await page.selectOption("#filter-severity", "High");
  await page.fill("#filter-text", "cve-2016");
  await page.waitForFunction(() => location.search.includes("text=") && /match/.test(document.getElementById("found").textContent));
  seen.found = await page.textContent("#found");
  seen.focus = await page.evaluate(() => document.activeElement.id);

  await page.click("#findings .toggle >> nth=0");
  await page.waitForSelector("#findings .detail");
  await page.click("#findings .detail .copy >> nth=0");
  await page.waitForFunction(() => document.getElementById("said").textContent.startsWith("Copied"));
  seen.copied = await page.evaluate(() => navigator.clipboard.readText());
  await page.click("#findings .toggle >> nth=0");
  await page.waitForSelector("#findings .detail", { state: "detached" });

  await page.click("#calls a:has-text('failed ones')");
  await page.waitForFunction(() => /failed/.test(location.search) && !document.getElementById("calls").textContent.includes("CreateAssessmentTarget"));
  seen.failed = await page.locator("#calls tbody .toggle").allTextContents();

  seen.before = await page.textContent("#now");
  await page.click("#hour");
  await page.waitForFunction((before) => document.getElementById("now").textContent !== before, seen.before);
  seen.after = await page.textContent("#now");

  const [state] = await Promise.all([page.waitForEvent("download"), page.click("#download-state")]);
  seen.file = state.suggestedFilename();

  page.once("dialog", (dialog) => dialog.dismiss());
  await page.click("#reset");
  seen.kept = await page.textContent("#h-findings");
  page.once("dialog", (dialog) => dialog.accept());
  await page.click("#reset");
  await page.waitForFunction(() => document.getElementById("findings").textContent.includes("No findings yet"));
  await context.close();
  return seen;
}

(async () => {
  const [url, open] = process.argv.slice(2);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  try {
    const problems = await check(browser, `${url}/${open}`);
    console.log(JSON.stringify({ problems, ...(await use(browser, `${url}/`)) }));
  } finally {
    await browser.close();
  }
})().catch((error) => { console.error(error); process.exitCode = 1; });
