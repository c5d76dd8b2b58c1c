import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { AuthenticationRequest } from '@kube-authn-test/conformance/live/authn/recorded-authentication'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AreaReport } from './area.ts'
import { authentication } from './areas/authentication.ts'
import { authorization } from './areas/authorization.ts'
import { impersonation } from './areas/impersonation.ts'
import { requestInfo } from './areas/request-info.ts'
import { frontProxyOf } from './front-proxy.ts'
import { type Reference, type ReferenceAnswer, sharedSetup, startReference } from './reference.ts'
import { type Sides, sidesOf } from './sides.ts'

/** A fault that is put in front of the reference. */
type Fault = (answer: ReferenceAnswer, request: AuthenticationRequest) => ReferenceAnswer

const QUESTIONS = 100
const shared = sharedSetup()
let reference: Reference
let sides: Sides
beforeAll(async () => {
  reference = await startReference('serve', shared)
  sides = await sidesOf(reference, shared)
})
afterAll(async () => {
  sides.authenticator.close()
  await reference.close()
  shared.remove()
})

function faulty(fault: Fault): Sides {
  const ask: Reference['ask'] = async (request) => fault(await reference.ask(request), request)
  return { ...sides, reference: { ...reference, ask } }
}

const AREAS = {
  async authentication(both: Sides): Promise<AreaReport> {
    const area = await authentication(both)
    try {
      return await area.run('7', 0, QUESTIONS)
    } finally {
      await area.close()
    }
  },
  authorization: (both: Sides): Promise<AreaReport> => authorization(both).run('7', 0, QUESTIONS),
  impersonation: (both: Sides): Promise<AreaReport> => ofProxy(impersonation, both),
  'request-info': (both: Sides): Promise<AreaReport> => ofProxy(requestInfo, both),
}

async function ofProxy(make: typeof impersonation, both: Sides): Promise<AreaReport> {
  const proxy = frontProxyOf(both)
  try {
    return await make(both, proxy).run('7', 0, QUESTIONS)
  } finally {
    await proxy.close()
  }
}

/** An area, a fault of the reference, and how the smallest question that shows it is. */
const FAULTS: readonly (readonly [keyof typeof AREAS, Fault, unknown])[] = [
  [
    'authentication',
    (answer) => ({ ...answer, body: answer.body.replace('"username":"bob"', '"username":"rob"') }),
    { cert: expect.stringMatching(/^proxy-/), headers: [[expect.stringMatching(/^x-remote-user$/i), 'bob']] },
  ],
  [
    'authorization',
    (answer, { target }) =>
      target?.endsWith('/subjectaccessreviews') === true
        ? { ...answer, body: answer.body.replace('"allowed":true', '"allowed":false') }
        : answer,
    { spec: expect.not.objectContaining({ uid: expect.anything() }) },
  ],
  [
    'impersonation',
    (answer) => ({ ...answer, body: answer.body.replace('"username":"mia"', '"username":"max"') }),
    { headers: expect.arrayContaining([[expect.stringMatching(/^impersonate-user$/i), 'mia']]) },
  ],
  [
    'request-info',
    (answer) => ({ ...answer, body: answer.body.replace('cannot deletecollection', 'cannot delete') }),
    { method: 'DELETE' },
  ],
]

describe('with kube-authn itself as the reference', () => {
  it.each(Object.entries(AREAS))('there is no difference in %s', async (_, run) => {
    const { asked, explained, classes } = await run(sides)
    expect({ asked, explained }).toEqual({ asked: QUESTIONS, explained: new Map() })
    // The API server does not show a user whose name is not Unicode; an app may.
    expect(classes.filter(({ name }) => name !== 'outcome: 500 there, user here')).toEqual([])
  })

  it.each(FAULTS)('a fault is found and minimized in %s', async (name, fault, question) => {
    const { failed, classes } = await AREAS[name](faulty(fault))
    expect(failed).toBeGreaterThan(0)
    expect(classes.map((each) => each.question)).toContainEqual(expect.objectContaining(question))
  })
})

describe('the command', () => {
  const command = fileURLToPath(new URL('../dist/run.js', import.meta.url))
  const run = (...args: readonly string[]): { readonly status: number | null; readonly stdout: string } =>
    spawnSync(process.execPath, [command, ...args], {
      encoding: 'utf8',
      env: { ...process.env, KUBE_APISERVER: undefined, CEL_ORACLE: undefined },
    })

  it('says that there is no kube-apiserver', () => {
    expect(run('--area', 'authentication', '--area', 'impersonation')).toMatchObject({
      status: 0,
      stdout:
        'KUBE_APISERVER is not set, so these are left out: authentication, impersonation\n0 passed, 0 failed\n',
    })
  })

  it.each([[['--area', 'nothing']], [['--requests', 'many']], [['--only', '-1']], [['--reference', 'x']]])(
    'refuses %j',
    (args) => {
      expect(run(...args)).toMatchObject({ status: 2, stdout: '' })
    },
  )
})
