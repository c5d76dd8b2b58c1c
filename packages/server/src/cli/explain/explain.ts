import { setTimeout } from 'node:timers/promises'
import { type AuthenticationEvent, explain, type ExplainedStep, type Explanation } from '@kube-authn/core'
import { bootstrapSecrets } from '@kube-authn/core/bootstrap-token'
import { isObject, memberOf, stringMemberOf } from '@kube-authn/core/internal'
import { yamlDocuments } from '@kube-authn/core/internal/yaml'
import {
  type InitialObjects,
  serviceAccountObjects,
  type ServiceAccountObjects,
} from '@kube-authn/core/service-account'
import { withoutControls } from '@kube-authn/internal/printable'
import type { NodeAuthenticator } from '@kube-authn/node'
import { authenticatorFromFlags } from '@kube-authn/node/flags'
import type { Command } from 'commander'
import { EXIT, Failure } from '../failure.ts'
import { collect, outputOption } from '../terminal/options.ts'
import { claimsOf, readText } from '../terminal/input.ts'
import { note, type Style, type Terminal, userLines, writeResult } from '../terminal/terminal.ts'
import { flagsFor, refuseUnknownFlags } from './flags-for.ts'
import { type ExplainOptions, requestFor } from './request-for.ts'

const AFTER = `
The chain of authenticators is that of the flags of kube-apiserver, of today and of 1.6, and of the files, whose flag is
recognized by their content: token and password files, AuthenticationConfiguration, the kubeconfig of a token webhook,
and certificates of a client CA. Keep secrets out of the command line, which other users can see: name files, or -
for standard input.

Objects that a service account token refers to are taken to exist. Bootstrap tokens are those in --secrets.

Examples:
  kube-authn explain tokens.csv --token-file token
  kube-authn explain --token-auth-file=tokens.csv --basic-auth-file=users.csv --username jane
  kube-authn explain authentication.yaml --token-file - < token
  kube-authn explain --client-ca-file ca.crt --certificate jane.crt
  kube-authn explain tokens.csv --method POST --path /apis/x --header @headers.txt --output json

Exit codes:
  0  the request is authenticated
  1  the request is refused
  2  the flags or a file cannot be used`

export function declareCommand(command: Command, terminal: Terminal): void {
  command
    .description('Says who makes a request or why it is refused, and what each authenticator thinks of it.')
    .usage('[options] [file...] [flags of kube-apiserver]')
    .argument('[file...]', 'files for kube-apiserver, whose flags are recognized')
    .option('--token-file <file>', 'the bearer token of the request is in this file, or - for standard input')
    .option('--token <token>', 'the bearer token; other users can see it')
    .option('--username <name>', 'the user of a password, which is asked for')
    .option('--password-file <file>', 'the password is in this file, or - for standard input')
    .option('--certificate <file>', 'the client certificate in PEM, with intermediates after it')
    .option('--method <method>', 'the method of the request', 'GET')
    .option('--path <path>', 'the path of the request, with its query', '/')
    .option(
      '-H, --header <header>',
      'a header "Name: value", or @file for a file with one in each line',
      collect,
      [],
    )
    .option('--secrets <file>', 'a manifest with Secrets that are bootstrap tokens')
    .option('--wait <seconds>', 'how long to wait for the keys of issuers', '10')
    .addOption(outputOption())
    .allowUnknownOption()
    .addHelpText('after', AFTER)
    .action(async (_files: readonly string[], options: ExplainOptions) => {
      const names = command.options.map(({ long }) => long?.slice(2) ?? '')
      terminal.exitCode = await explainCredential(terminal, command.args, options, names)
    })
}

/**
 * Explains what a chain of authenticators thinks of a request.
 *
 * @param args files, and then flags of kube-apiserver.
 * @param names the names of the options of this command, without dashes.
 * @returns the exit code.
 */
async function explainCredential(
  terminal: Terminal,
  args: readonly string[],
  options: ExplainOptions,
  names: readonly string[],
): Promise<number> {
  const waitSeconds = secondsOf(options.wait)
  const flags = flagsFor(args)
  refuseUnknownFlags(flags, names)
  const { request, token } = await requestFor(terminal, options)
  const authenticator = await authenticatorFromFlags(flags, {
    bootstrapTokens: await bootstrapSecretsIn(terminal, options.secrets),
    serviceAccountObjects: assumedObjects(token),
    observer: (event) => noteNotice(terminal, event),
    log: false,
  })
  try {
    await untilHealthy(terminal, authenticator, waitSeconds * 1000)
    const explanation = await explain(authenticator, request)
    await writeResult(terminal, options.output, explanation, (style) => explanationLines(explanation, style))
    return explanation.status === undefined ? EXIT.ok : EXIT.no
  } finally {
    authenticator.close()
  }
}

function noteNotice(terminal: Terminal, event: AuthenticationEvent): void {
  if (event.type !== 'fileNotice') return
  const { file, notice } = event
  note(terminal, `${file}: ${notice.severity}: ${notice.message}`)
}

function secondsOf(text: string): number {
  const seconds = Number(text)
  if (!/^\d+(?:\.\d+)?$/.test(text) || seconds > 3600) {
    throw new Failure('--wait: must be a number of seconds, at most 3600')
  }
  return seconds
}

/** Keys of issuers are fetched after the start. Without them the explanation says that they are missing. */
async function untilHealthy(
  terminal: Terminal,
  authenticator: NodeAuthenticator,
  waitMs: number,
): Promise<void> {
  const deadline = performance.now() + waitMs
  let isTold = false
  while (authenticator.health().length > 0 && performance.now() < deadline) {
    if (!isTold && terminal.stderr.isTTY) note(terminal, 'waiting for the keys of issuers ...')
    isTold = true
    await setTimeout(50)
  }
}

/**
 * The objects that a service account token refers to, as if they existed: there is no cluster to ask. The signature of the token, its times and its
 * audiences are checked as ever.
 */
function assumedObjects(token: string | undefined): ServiceAccountObjects {
  if (token === undefined) return serviceAccountObjects({})
  const claims = claimsOf(token)
  return serviceAccountObjects({ ...boundTo(claims), ...legacy(claims, token) })
}

function boundTo(claims: unknown): InitialObjects {
  const bound = memberOf(claims, 'kubernetes.io')
  const namespace = stringMemberOf(bound, 'namespace')
  const named = (member: string): readonly { readonly name: string; readonly uid: string }[] => {
    const object = memberOf(bound, member)
    return isObject(object)
      ? [{ name: stringMemberOf(object, 'name'), uid: stringMemberOf(object, 'uid') }]
      : []
  }
  return {
    serviceAccounts: named('serviceaccount').map((each) => ({ ...each, namespace })),
    pods: named('pod').map((each) => ({ ...each, namespace })),
    secrets: named('secret').map((each) => ({ ...each, namespace, data: {} })),
    nodes: named('node'),
  }
}

/** Those of a token in a secret, whose claims have long names. */
function legacy(claims: unknown, token: string): InitialObjects {
  const claim = (name: string): string => stringMemberOf(claims, `kubernetes.io/serviceaccount/${name}`)
  const namespace = claim('namespace')
  if (namespace === '') return {}
  return {
    serviceAccounts: [{ namespace, name: claim('service-account.name'), uid: claim('service-account.uid') }],
    secrets: [{ namespace, name: claim('secret.name'), data: { token } }],
  }
}

/** The Secrets of a manifest, as a store of bootstrap tokens; other objects are ignored. @throws {Failure} if there is none. */
async function bootstrapSecretsIn(
  terminal: Terminal,
  path: string | undefined,
): Promise<ReturnType<typeof bootstrapSecrets>> {
  if (path === undefined) return bootstrapSecrets()
  const documents = yamlDocuments(await readText(terminal, path), path)
  const secrets = documents
    .flatMap((each): readonly unknown[] => {
      const items = memberOf(each, 'items')
      return Array.isArray(items) ? items : [each]
    })
    .filter((each) => memberOf(each, 'kind') === 'Secret')
    .map(secretOf)
  if (secrets.length === 0) throw new Failure(`${path}: has no Secret`)
  return bootstrapSecrets(secrets)
}

function secretOf(manifest: unknown) {
  const metadata = memberOf(manifest, 'metadata')
  const decode = (value: string): string => Buffer.from(value, 'base64').toString('utf8')
  return {
    namespace: stringMemberOf(metadata, 'namespace'),
    name: stringMemberOf(metadata, 'name'),
    type: stringMemberOf(manifest, 'type'),
    data: Object.fromEntries([
      ...textsOf(memberOf(manifest, 'data')).map(([key, value]) => [key, decode(value)] as const),
      ...textsOf(memberOf(manifest, 'stringData')),
    ]),
  }
}

function textsOf(map: unknown): readonly (readonly [key: string, value: string])[] {
  if (!isObject(map)) return []
  return Object.entries(map).flatMap(([key, value]) =>
    typeof value === 'string' ? [[key, value] as const] : [],
  )
}

/** An explanation as a person reads it: the user or the refusal, the opinion of each authenticator, and what to do. */
function explanationLines(explanation: Explanation, style: Style): readonly string[] {
  const { advice, warnings } = explanation
  const roots = explanation.steps.flatMap(withoutWrappers)
  return [
    ...headline(explanation, style),
    ...(roots.length > 0 ? ['', ...treeOf(roots, '', style)] : []),
    '',
    withoutControls(advice),
    ...warnings.map((each) => `${style('yellow', 'warning')}: ${withoutControls(each)}`),
  ]
}

function headline({ user, status, message, outcome }: Explanation, style: Style): readonly string[] {
  if (status !== undefined || user === undefined) {
    const why = message ?? OUTCOMES[outcome]
    return [style('red', `refused with ${status ?? 401}: ${withoutControls(why)}`)]
  }
  return [style('green', 'authenticated'), ...userLines(user).map((each) => `  ${each}`)]
}

const OUTCOMES = {
  authenticated: 'authenticated',
  noOpinion: 'no opinion',
  rejected: 'rejected',
  unavailable: 'could not be checked',
} as const

const COLOURS = { authenticated: 'green', noOpinion: 'dim', rejected: 'red', unavailable: 'yellow' } as const

/** Unions, caches and added groups have no opinion of their own. */
function withoutWrappers(step: ExplainedStep): readonly ExplainedStep[] {
  const steps = step.steps.flatMap(withoutWrappers)
  const isWrapper = steps.length > 0 && /^(?:authenticatedGroup|chain|union|cached)/.test(step.authenticator)
  const [only] = steps
  const isRepeated = steps.length === 1 && only?.authenticator === step.authenticator
  return isWrapper || isRepeated ? steps : [{ ...step, steps }]
}

function treeOf(steps: readonly ExplainedStep[], indent: string, style: Style): readonly string[] {
  return steps.flatMap(({ authenticator, outcome, message, user, steps: below }, index) => {
    const isLast = index === steps.length - 1
    const what =
      outcome === 'authenticated' && user !== undefined
        ? `${OUTCOMES[outcome]} as ${user.username}`
        : message === undefined
          ? OUTCOMES[outcome]
          : `${OUTCOMES[outcome]}: ${message}`
    return [
      `${indent}${isLast ? '└─' : '├─'} ${withoutControls(authenticator)}: ${style(COLOURS[outcome], withoutControls(what))}`,
      ...treeOf(below, `${indent}${isLast ? '   ' : '│  '}`, style),
    ]
  })
}
