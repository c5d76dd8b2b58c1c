import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { COMPONENTS, has } from './components.ts'
import { type DemoApp, startDemoApp } from './demo-app.ts'
import { documented } from './documented.ts'
import { makeScratch, type Scratch } from './scratch.ts'

const whoami = '{"username":"jbeda","groups":["app1","app2","system:authenticated"]}'

describe.runIf(has('openssl', 'easyRsa', 'curl', 'chromium'))('express-app', () => {
  let scratch: Scratch
  let app: DemoApp
  let material: string
  let origin: string

  beforeAll(async () => {
    scratch = makeScratch()
    material = scratch.path('material')
    app = await startDemoApp(material)
    origin = app.origin
  })
  afterAll(() => {
    app.close()
    scratch.remove()
  })

  const asJbeda = (folder: string): Promise<string> =>
    scratch.shell(
      `curl --silent --cacert "${join(material, 'ca.crt')}" --cert jbeda.crt --key jbeda.pem ${origin}/whoami`,
      {},
      folder,
    )

  it('shows on its page in Chromium whose certificate it is', async () => {
    const browser = await chromium.launch({
      executablePath: COMPONENTS.chromium.command,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-component-update'],
      env: { PATH: process.env['PATH'] ?? '', HOME: scratch.folder },
    })
    try {
      const context = await browser.newContext({
        ignoreHTTPSErrors: true,
        clientCertificates: [
          {
            origin,
            cert: readFileSync(join(material, 'jbeda.crt')),
            key: readFileSync(join(material, 'jbeda.key')),
          },
        ],
      })
      const page = await context.newPage()
      await page.goto(`${origin}/`)
      expect(await page.textContent('h1')).toBe('You are jbeda')
      expect(await page.textContent('.decisive')).toMatch(/Client certificate\s+authenticated/)
    } finally {
      await browser.close()
    }
  })

  it.each([
    { what: 'the openssl commands of Kubernetes 1.6', heading: 'With openssl', ca: 'ca.crt' },
    { what: 'openssl with purposes', heading: 'Each for one purpose', ca: 'ca.crt' },
  ])('knows a jbeda made by $what, once their CA is the client CA', async ({ heading, ca }) => {
    const folder = heading.replaceAll(' ', '-')
    await scratch.shell(documented(heading, 'sh'), { MASTER_IP: '127.0.0.1' }, folder)
    expect(await asJbeda(folder)).toContain('"code":401')
    copyFileSync(scratch.path(`${folder}/${ca}`), join(material, 'client-ca.crt'))
    await vi.waitFor(async () => expect(await asJbeda(folder)).toBe(whoami))
  })

  it('knows a jbeda made by the easy-rsa commands, once their CA is the client CA', async () => {
    await scratch.shell(
      documented('With easy-rsa', 'sh').replace(
        'make-cadir easy-rsa',
        `${COMPONENTS.easyRsa.command} easy-rsa`,
      ),
      { MASTER_IP: '127.0.0.1' },
      'rsa',
    )
    await scratch.shell('cp pki/issued/jbeda.crt jbeda.crt', {}, 'rsa/easy-rsa')
    copyFileSync(scratch.path('rsa/easy-rsa/pki/ca.crt'), join(material, 'client-ca.crt'))
    await vi.waitFor(async () => expect(await asJbeda('rsa/easy-rsa')).toBe(whoami))
  })
})
