import {
  closeSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuthenticationEvent } from '@kube-authn/core'
import { authenticateRequest } from '@kube-authn/core/adapter'
import { always, fakeAuthenticator, fakeRequest, fakeUser } from '@kube-authn/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { httpServer } from '../../test/servers.ts'
import { auditFromFlags } from '../flags.ts'
import type { AuditFromFlagsOptions } from './audit-from-flags.ts'
import { problemsOf } from '../../test/problems-of.ts'

let folder: string
const at = (name: string): string => join(folder, name)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-from-flags-'))
  writeFileSync(
    at('policy.yaml'),
    'apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{ level: Metadata, users: [jane] }]\n',
  )
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** Descriptors of this process come and go. */
function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

/** Logs a request of each user. */
async function logRequests(
  flags: readonly string[],
  options?: AuditFromFlagsOptions,
  users: readonly string[] = ['jane', 'joe'],
): Promise<void> {
  const { observer, close } = await auditFromFlags(flags, options)
  for (const username of users) {
    const request = fakeRequest()
    await authenticateRequest(fakeAuthenticator(always(fakeUser({ username }))), { observer })(request)
    observer({ type: 'response', request, status: 200 })
  }
  await close()
}

describe('auditFromFlags', () => {
  it('logs what the policy says to the file', async () => {
    await logRequests([
      'node',
      'app.js',
      `--audit-policy-file=${at('policy.yaml')}`,
      '--audit-log-path',
      at('audit.log'),
    ])
    const lines = readFileSync(at('audit.log'), 'utf8').trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { stage: 'ResponseComplete', user: { username: 'jane' } },
    ])
  })

  it.each([
    ['without a policy', ['--audit-log-path', 'audit.log']],
    ['without a place', ['--audit-policy-file', 'policy.yaml']],
    ['without any flag', []],
  ])('logs nothing %s', async (_, flags) => {
    await logRequests(flags.map((flag) => (flag.startsWith('-') ? flag : at(flag))))
    expect(existsSync(at('audit.log')) ? readFileSync(at('audit.log'), 'utf8') : '').toBe('')
  })

  it('removes and compresses backups by the limits of its release', async () => {
    const backupOf = (name: string): string => at(`${name}-2020-01-01T00-00-00.000.log`)
    const log = async (name: string, ...flags: readonly string[]): Promise<void> => {
      writeFileSync(backupOf(name), 'old')
      const places = [`--audit-policy-file=${at('policy.yaml')}`, `--audit-log-path=${at(`${name}.log`)}`]
      await logRequests([...places, '--audit-log-compress', ...flags])
    }
    await log('unlimited', '--audit-log-maxsize=0')
    await log('kept', '--emulated-version=1.35')
    await log('kept-too', '--emulated-version=1.35', '--audit-log-maxsize=0')
    await log('limited', '--emulated-version=1.35', '--audit-log-maxage=366')
    await log('default')
    await vi.waitFor(() =>
      expect(
        readdirSync(folder)
          .filter((name) => name.includes('2020'))
          .toSorted(),
      ).toEqual([
        'kept-2020-01-01T00-00-00.000.log.gz',
        'kept-too-2020-01-01T00-00-00.000.log.gz',
        'unlimited-2020-01-01T00-00-00.000.log',
      ]),
    )
  })

  it('sends to the webhook, and writes lines of before to standard output', async () => {
    const bodies: string[] = []
    const server = await httpServer((request, response) => {
      let text = ''
      request.on('data', (part: Buffer) => (text += part.toString()))
      request.on('end', () => {
        bodies.push(text)
        response.end()
      })
    })
    writeFileSync(
      at('webhook.yaml'),
      `clusters: [{name: c, cluster: {server: "${server.url}"}}]\ncontexts: [{name: x, context: {cluster: c}}]\ncurrent-context: x\n`,
    )
    const written: string[] = []
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      written.push(String(text))
      return true
    })
    await logRequests(
      [
        `--audit-policy-file=${at('policy.yaml')}`,
        '--audit-log-path=-',
        '--audit-log-format=legacy',
        `--audit-webhook-config-file=${at('webhook.yaml')}`,
        '--audit-webhook-batch-throttle-enable=false',
        '--audit-webhook-batch-throttle-qps=0',
      ],
      { allowInsecureHttp: true },
    )
    write.mockRestore()
    expect(bodies.map((body) => (JSON.parse(body) as { items: unknown[] }).items.length)).toEqual([1])
    expect(written).toEqual([expect.stringMatching(/ AUDIT: id=.* user="jane" .*\n$/)])
  })

  it.skipIf(!existsSync('/proc/self/fd'))(
    'sends what the webhook has kept even if the file cannot be closed',
    async () => {
      const bodies: string[] = []
      const server = await httpServer((request, response) => {
        request.on('data', (part: Buffer) => bodies.push(part.toString()))
        request.on('end', () => response.end())
      })
      writeFileSync(
        at('webhook.yaml'),
        `clusters: [{name: c, cluster: {server: "${server.url}"}}]\ncontexts: [{name: x, context: {cluster: c}}]\ncurrent-context: x\n`,
      )
      const flags = [
        `--audit-policy-file=${at('policy.yaml')}`,
        `--audit-log-path=${at('audit.log')}`,
        '--audit-log-mode=blocking',
        `--audit-webhook-config-file=${at('webhook.yaml')}`,
      ]
      const { observer, close } = await auditFromFlags(flags, { allowInsecureHttp: true })
      const request = fakeRequest()
      await authenticateRequest(fakeAuthenticator(always(fakeUser({ username: 'jane' }))), { observer })(
        request,
      )
      observer({ type: 'response', request, status: 200 })
      // What is closed already cannot be closed.
      for (const descriptor of readdirSync('/proc/self/fd')) {
        if (linkOf(`/proc/self/fd/${descriptor}`) === realpathSync(at('audit.log')))
          closeSync(Number(descriptor))
      }
      await expect(close()).rejects.toMatchObject({ code: 'EBADF' })
      expect(bodies.join('')).toContain('jane')
    },
  )

  it('tells of flags about something else, and ignores them', async () => {
    const events: AuthenticationEvent[] = []
    await logRequests(['--token-auth-file=x', '--oidc-isuer=y', '--audit_log_maxage=3'], {
      observer: (event) => events.push(event),
    })
    expect(events).toMatchObject([
      {
        type: 'fileNotice',
        notice: {
          message: 'flags that are unrelated to the audit log are ignored: --token-auth-file, --oidc-isuer',
        },
      },
    ])
  })

  it.each<[readonly string[], readonly string[]]>([
    [['--audit-log-pth=x'], ['--audit-log-pth: unknown flag, did you mean --audit-log-path?']],
    [
      ['--audit-log-maxage=x'],
      [
        '--audit-log-maxage: invalid argument "x" for "--audit-log-maxage" flag: strconv.ParseInt: parsing "x": invalid syntax',
      ],
    ],
    [
      ['--audit-webhook-batch-throttle-qps=1x'],
      [
        '--audit-webhook-batch-throttle-qps: invalid argument "1x" for "--audit-webhook-batch-throttle-qps" flag: strconv.ParseFloat: parsing "1x": invalid syntax',
      ],
    ],
    [
      ['--audit-log-path=a', '--audit-log-maxage=-1', '--audit-log-maxbackup=-2', '--audit-log-maxsize=-3'],
      [
        "--audit-log-maxage: --audit-log-maxage -1 can't be a negative number",
        "--audit-log-maxbackup: --audit-log-maxbackup -2 can't be a negative number",
        "--audit-log-maxsize: --audit-log-maxsize -3 can't be a negative number",
      ],
    ],
    [
      ['--audit-log-path=a', '--audit-log-format=xml', '--audit-log-mode=async', '--audit-log-version=v1'],
      [
        '--audit-log-mode: invalid audit log mode async, allowed modes are "batch,blocking,blocking-strict"',
        '--audit-log-version: invalid group version, allowed versions are ["audit.k8s.io/v1"]',
        '--audit-log-format: invalid audit log format xml, allowed formats are "legacy,json"',
      ],
    ],
    [
      ['--audit-log-path=a', '--audit-log-truncate-max-event-size=0'],
      [
        '--audit-log-truncate-max-event-size: invalid audit log truncate max event size 0, must be a positive number',
      ],
    ],
    [
      ['--audit-log-path=a', '--audit-log-truncate-max-event-size=-1'],
      [
        '--audit-log-truncate-max-event-size: invalid audit log truncate max event size -1, must be a positive number',
      ],
    ],
    [
      ['--audit-webhook-config-file=a', '--audit-webhook-truncate-max-batch-size=102399'],
      [
        '--audit-webhook-truncate-max-batch-size: invalid audit webhook truncate max batch size 102399, must be greater than max event size (102400)',
      ],
    ],
    [
      ['--audit-log-path=a', '--audit-log-mode=batch', '--audit-log-batch-buffer-size=0'],
      ['--audit-log-batch-buffer-size: invalid audit batch log buffer size 0, must be a positive number'],
    ],
    [
      [
        '--audit-webhook-config-file=a',
        '--audit-webhook-batch-throttle-qps=0',
        '--audit-webhook-batch-max-size=-1',
      ],
      [
        '--audit-webhook-batch-max-size: invalid audit batch webhook max batch size -1, must be a positive number',
        '--audit-webhook-batch-throttle-qps: invalid audit batch webhook throttle QPS 0, must be a positive number',
      ],
    ],
    [
      [
        '--audit-webhook-config-file=a',
        '--audit-webhook-mode=blocking',
        '--audit-log-path=b',
        '--audit-log-mode=blocking-strict',
      ],
      [
        '--audit-log-mode: blocking-strict is not supported: a request is never refused because it cannot be logged; use another mode',
        '--audit-webhook-mode: blocking is not supported for the webhook: requests never wait for it; use the mode batch',
      ],
    ],
  ])('refuses %j', async (flags, problems) => {
    expect(await problemsOf(() => auditFromFlags(flags))).toEqual(problems)
  })

  it.each(['0s', '-1s'])('takes %s to wait, as kube-apiserver does', async (time) => {
    writeFileSync(
      at('webhook.yaml'),
      `clusters: [{name: c, cluster: {server: "https://a"}}]\ncontexts: [{name: x, context: {cluster: c}}]\ncurrent-context: x\n`,
    )
    const audit = await auditFromFlags([
      `--audit-webhook-config-file=${at('webhook.yaml')}`,
      `--audit-webhook-batch-max-wait=${time}`,
      `--audit-webhook-initial-backoff=${time}`,
    ])
    await expect(audit.close()).resolves.toBeUndefined()
  })

  it('takes a batch as long as an event', async () => {
    const flags = [`--audit-log-path=${at('audit.log')}`, '--audit-log-truncate-max-batch-size=102400']
    const audit = await auditFromFlags([...flags, '--audit-log-truncate-max-event-size=102400'])
    await expect(audit.close()).resolves.toBeUndefined()
  })

  it('says all that is wrong with files at once', async () => {
    const problems = await problemsOf(() =>
      auditFromFlags([
        `--audit-policy-file=${at('none.yaml')}`,
        `--audit-log-path=${at('none/audit.log')}`,
        `--audit-webhook-config-file=${at('none.kubeconfig')}`,
      ]),
    )
    expect(problems).toEqual([
      expect.stringMatching(/^--audit-policy-file: .*none\.yaml/),
      expect.stringMatching(/^--audit-log-path: .*none/),
      expect.stringMatching(/^--audit-webhook-config-file: .*none\.kubeconfig/),
    ])
  })
})
