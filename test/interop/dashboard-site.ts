import { once } from 'node:events'
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { createDashboard, type Dashboard } from '../../examples/dashboard/src/dashboard.ts'
import {
  type Demonstration,
  startDemonstration,
} from '../../examples/dashboard/src/demonstration/demonstration.ts'
import { PATIENCE_MS } from '../patience.ts'
import { COMPONENTS } from './components.ts'
import { freePort } from './ports.ts'
import { makeScratch, type Scratch } from './scratch.ts'

/** Of id tokens whose end is awaited. They are renewed after four seconds, and so long before their end on a busy machine too. */
export const SHORT_SECONDS = 16

/** How soon a page ends after its session. */
const CHECK_SECONDS = 2

/** `examples/dashboard` with its provider and its cluster in this process, and a Chromium. */
export interface DashboardSite {
  readonly origin: string
  readonly issuer: string
  readonly scratch: Scratch
  readonly cluster: Demonstration['cluster']
  readonly provider: Demonstration['provider']
  /** The requests that the provider got, as `POST /token`. */
  readonly asked: string[]
  /** The paths at which the provider breaks off now; `*` is all of them. */
  readonly down: Set<string>
  readonly browser: Browser
  /** A browser of its own, without cookies. */
  open(options?: BrowserContextOptions): Promise<BrowserContext>
  /** Another dashboard at the same address, which knows neither sessions nor the provider. */
  restart(): Promise<void>
  close(): Promise<void>
}

/** What the tests of a suite do with its site. */
export interface DashboardSuite {
  /** A page in a browser of its own, without cookies. */
  newPage(options?: BrowserContextOptions): Promise<Page>
  /** The same, logged in. Resolves when the list follows the cluster. */
  enter(name: string, options?: BrowserContextOptions): Promise<Page>
}

/**
 * Starts a site before the tests of a suite, and stops it afterwards. After each test all browsers are closed, and the provider is up again.
 *
 * @param onStarted gets the site.
 * @param idTokenSeconds how long id tokens last. Default: ten minutes.
 */
export function useDashboardSite(
  onStarted: (site: DashboardSite) => void,
  idTokenSeconds?: number,
): DashboardSuite {
  let started: DashboardSite | undefined
  const site = (): DashboardSite => {
    if (started === undefined) throw new Error('the site has not started')
    return started
  }
  beforeAll(async () => {
    started = await startDashboardSite(idTokenSeconds)
    onStarted(started)
  })
  afterEach(async () => {
    started?.down.clear()
    await Promise.all((started?.browser.contexts() ?? []).map((context) => context.close()))
  })
  afterAll(async () => started?.close())
  return {
    newPage: async (options) => (await site().open(options)).newPage(),
    enter: async (name, options) => openAs(site(), await site().open(options), name),
  }
}

async function startDashboardSite(idTokenSeconds = 600): Promise<DashboardSite> {
  const scratch = makeScratch()
  const demonstration = await startDemonstration({
    folder: scratch.path('material'),
    port: await freePort(),
    providerPort: await freePort(),
    idTokenSeconds,
  })
  const { configuration, provider, cluster } = demonstration
  const asked: string[] = []
  const down = new Set<string>()
  const { server } = provider
  const answers = server.listeners('request')
  server.removeAllListeners('request').on('request', (req, res) => {
    const { pathname } = new URL(req.url ?? '/', configuration.provider.issuer)
    asked.push(`${req.method} ${pathname}`)
    if (down.has('*') || down.has(pathname)) req.socket.destroy()
    else for (const answer of answers) Reflect.apply(answer, server, [req, res])
  })

  const listening = async (): Promise<Dashboard> => {
    const dashboard = createDashboard({
      ...configuration,
      sessions: {
        ...configuration.sessions,
        checkSeconds: CHECK_SECONDS,
        refreshBeforeSeconds: SHORT_SECONDS - 4,
      },
    })
    const { port, address } = configuration.listen
    await once(dashboard.server.listen(port, address), 'listening')
    return dashboard
  }
  const ended = async ({ server: old, close }: Dashboard): Promise<void> => {
    const closed = once(old, 'close')
    close()
    await closed
  }
  let dashboard = await listening()
  const browser = await chromium.launch({
    executablePath: COMPONENTS.chromium.command,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-component-update'],
    env: { PATH: process.env['PATH'] ?? '', HOME: scratch.folder },
  })
  return {
    origin: configuration.publicUrl,
    issuer: configuration.provider.issuer,
    scratch,
    cluster,
    provider,
    asked,
    down,
    browser,
    async open(options = {}) {
      const context = await browser.newContext({
        ignoreHTTPSErrors: true,
        reducedMotion: 'reduce',
        ...options,
      })
      context.setDefaultTimeout(PATIENCE_MS)
      return context
    },
    async restart() {
      await ended(dashboard)
      dashboard = await listening()
    },
    async close() {
      await browser.close()
      await ended(dashboard)
      await demonstration.close()
      scratch.remove()
    },
  }
}

/** Fills in the pages of the provider, from where they ask for a name to the page of the dashboard. */
export async function logIn(
  page: Page,
  { origin }: Pick<DashboardSite, 'origin'>,
  name: string,
): Promise<void> {
  await page.fill('input[name=login]', name)
  await page.fill('input[name=password]', 'any password')
  await page.click('button[type=submit]')
  await page.locator('button[type=submit]', { hasText: 'Continue' }).click()
  await page.waitForURL(`${origin}/**`)
}

/** Opens a page of the dashboard, logged in. Resolves when the list follows the cluster. */
export async function openAs(site: DashboardSite, context: BrowserContext, name: string): Promise<Page> {
  await logInUnseen(site, context, name)
  const page = await context.newPage()
  await page.goto(site.origin)
  await page.locator('.live.on').waitFor()
  return page
}

/** Sends what the pages of the provider would, which are not drawn: that takes most of the time of a login. The browser keeps the cookies. */
async function logInUnseen(
  { origin }: DashboardSite,
  { request }: BrowserContext,
  name: string,
): Promise<void> {
  const forms = [{ prompt: 'login', login: name, password: 'any password' }, { prompt: 'consent' }]
  let page = await request.get(origin, { headers: { accept: 'text/html' } })
  for (const form of forms) page = await request.post(page.url(), { form })
  expect([page.status(), page.url()]).toEqual([200, `${origin}/`])
}

/** Resolves when the page says that its session has ended, and shows nothing else. */
export async function pageEnds(page: Page): Promise<string | null> {
  await page.locator('main.ended h1').waitFor()
  return page.textContent('body')
}
