import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isConfigurationError } from '@kube-authn/core/internal'
import { bootstrapSecrets } from '@kube-authn/core/bootstrap-token'
import { serviceAccountObjects } from '@kube-authn/core/service-account'
import { auditFromFlags, authenticatorFromFlags, authorizerFromFlags } from '@kube-authn/node/flags'
import { type LiveArea, liveArea } from '../live-area.ts'
import type { Recordings } from '../recordings.ts'
import { explainedCommandLines } from './explained-command-lines.ts'
import { bootstrapPolicy } from './policies.ts'

/** A command line, in which `F` is the folder of the files, and whether a server starts with it. */
export interface RecordedCommandLine {
  readonly id: string
  readonly args: readonly string[]
  readonly kubeApiserver: { readonly outcome: string; readonly error?: string }
}

const COMMAND_LINES = 'authz/more/flags.ndjson'
const FILES = 'authz/more/flags-files'
const BOOTSTRAP = 'authz/recorded/bootstrap-rbac.json'

/** Which command lines a server starts with. Messages are not compared. */
export const commandLines: LiveArea = liveArea<RecordedCommandLine>({
  name: 'live-command-lines',
  files: [COMMAND_LINES, BOOTSTRAP],
  explanations: explainedCommandLines,
  async *compare(recordings) {
    const folder = mkdtempSync(join(tmpdir(), 'live-command-lines-'))
    const inFolder = (text: string): string =>
      text
        .replaceAll(/\bF(?=\/)/g, folder)
        .replaceAll('/W/flags/files', folder)
        .replace(/^--audit-log-path=(?=\w)/, `$&${folder}/`)
    for (const [name, text] of filesOf(recordings)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), inFolder(text))
    }
    mkdirSync(join(folder, 'dir'))
    const rbac = join(folder, 'roles.json')
    writeFileSync(
      rbac,
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: bootstrapPolicy(recordings) }),
    )
    const all = recordings.lines(COMMAND_LINES) as readonly RecordedCommandLine[]
    try {
      for (const asked of all.filter(({ args }) => !isWaiting(args))) {
        const { id, args, kubeApiserver } = asked
        const problems = await problemsOf(args.map(inFolder), rbac)
        const [there, here] = [
          kubeApiserver.outcome === 'starts' ? 'starts' : (kubeApiserver.error ?? 'refuses'),
          problems.length === 0 ? 'starts' : problems.join('\n').replaceAll(folder, 'F'),
        ]
        const isSame = (there === 'starts') === (here === 'starts')
        yield { id, asked, differences: isSame ? [] : [{ at: 'start', there, here }] }
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
})

/** The files of the command lines, by name: in one file, or as they are. */
function filesOf(recordings: Recordings): readonly (readonly [name: string, text: string])[] {
  if (recordings.has(`${FILES}.json`)) {
    return Object.entries(recordings.json(`${FILES}.json`) as Readonly<Record<string, string>>)
  }
  const folder = join(recordings.folder, FILES)
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const)
}

/** A server waits for a signer that is not there for a minute. */
function isWaiting(args: readonly string[]): boolean {
  const has = (flag: string): boolean => args.some((each) => each.startsWith(`--service-account-${flag}`))
  return has('signing-endpoint') && !has('key-file') && !has('signing-key-file')
}

/** The option with the roles is refused where no role is read. */
function usesRoles(args: readonly string[]): boolean {
  return args.some((each) => /^--authorization-(?:mode=.*RBAC|config=)/.test(each))
}

/** What the authenticator, the authorizer and the audit log of a command line refuse. */
async function problemsOf(args: readonly string[], rbac: string): Promise<readonly string[]> {
  const opened = await Promise.allSettled([
    authenticatorFromFlags(args, {
      serviceAccountObjects: serviceAccountObjects(),
      bootstrapTokens: bootstrapSecrets([]),
    }),
    authorizerFromFlags(args, usesRoles(args) ? { rbac } : {}),
    auditFromFlags(args, { bodies: 'leftOut', onError: () => undefined }),
  ])
  const problems: string[] = []
  for (const each of opened) {
    if (each.status === 'fulfilled') await each.value.close()
    else if (isConfigurationError(each.reason)) problems.push(each.reason.message)
    else throw each.reason
  }
  return problems
}
