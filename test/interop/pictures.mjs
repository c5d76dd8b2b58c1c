// Takes the pictures of the README: the page of `npm start`, in a light and in a dark scheme. Needs Debian's chromium and fonts-inter, and a build.
//
// usage: node test/interop/pictures.mjs
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const root = fileURLToPath(new URL('../..', import.meta.url))
const app = spawn(process.execPath, ['examples/express-app/dist/main.js'], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
})
try {
  await new Promise((resolve, reject) => {
    app.once('exit', () => reject(new Error('the app ended')))
    app.stdout.on('data', (data) => String(data).includes('Ctrl+C') && resolve())
  })
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  })
  for (const colorScheme of ['light', 'dark']) {
    const page = await browser.newPage({
      ignoreHTTPSErrors: true,
      colorScheme,
      reducedMotion: 'reduce',
      viewport: { width: 1280, height: 850 },
      deviceScaleFactor: 1.25,
    })
    await page.goto('https://localhost:8443/')
    for (const [button, shown] of [
      ['.pick[value="prepared:clark"]', 'You are clark'],
      ['.chip[value="/nodes/mynode"]', 'may not'],
      ['.chip[value="0"]', 'acting as superman'],
    ]) {
      await page.click(button)
      await page.locator('#result', { hasText: shown }).waitFor()
    }
    await page.evaluate('document.activeElement.blur()')
    await page.mouse.move(0, 0)
    await page.evaluate('scrollTo(0, 0)')
    await page.screenshot({ path: `${root}docs/pictures/page-${colorScheme}.png` })
    await page.close()
  }
  await browser.close()
} finally {
  app.kill()
}
