import { isStatusError } from '@kube-authn/core/internal'
import { serviceAccountObjects } from '@kube-authn/core/service-account'
import { signingKeyFromPem, tokenIssuer } from '@kube-authn/issuer'
import { type Command, Option } from 'commander'
import { Failure } from '../failure.ts'
import { collect, durationSeconds } from '../terminal/options.ts'
import { readText } from '../terminal/input.ts'
import { checkServiceAccount } from './serviceaccount.ts'
import { writeOut } from '../terminal/new-file.ts'
import type { Terminal } from '../terminal/terminal.ts'

const AFTER = `
The token is like one from kubectl create token, for any server that trusts the key: a kube-apiserver whose
--service-account-issuer and --service-account-key-file name it. A server accepts the token only if the service account
exists with this uid.

Examples:
  kube-authn create token cart --namespace shop --uid 1234 --key sa.key --issuer https://issuer.example.com
  kube-authn create token cart -n shop --uid 1234 --key sa.key --issuer https://issuer.example.com \\
    --audience vault --duration 24h --bound-object-kind Pod --bound-object-name cart-0 --bound-object-uid 5678`

export function declareToken(command: Command, terminal: Terminal): void {
  command
    .summary('a service account token, signed with your key')
    .description('Prints a service account token that is signed with your key.')
    .argument('<serviceaccount>', 'the name of the service account')
    .requiredOption('--uid <uid>', 'the uid of the service account')
    .requiredOption('--key <file>', 'the private key in PEM (--service-account-signing-key-file)')
    .requiredOption('--issuer <name>', 'the issuer (--service-account-issuer)')
    .option('-n, --namespace <name>', 'the namespace of the service account', 'default')
    .option('--audience <name>', 'an audience; may be repeated; the issuer if there is none', collect, [])
    .option('--duration <duration>', 'how long it is valid: 10m or more, as in 90m, 24h or 30d', '1h')
    .addOption(
      new Option('--bound-object-kind <kind>', 'the token is valid while this object exists').choices(KINDS),
    )
    .option('--bound-object-name <name>', 'its name')
    .option('--bound-object-uid <uid>', 'its uid')
    .option('--out <file>', 'write the token to a new file')
    .option('--force', 'replace the file')
    .addHelpText('after', AFTER)
    .action((name: string, options: TokenOptions) => createToken(name, options, terminal))
}

/** The kinds of objects that a token can be bound to. */
const KINDS = ['Pod', 'Secret', 'Node'] as const

interface TokenOptions {
  readonly uid: string
  readonly key: string
  readonly issuer: string
  readonly namespace: string
  readonly audience: readonly string[]
  readonly duration: string
  readonly boundObjectKind?: (typeof KINDS)[number]
  readonly boundObjectName?: string
  readonly boundObjectUid?: string
  readonly out?: string
  readonly force?: boolean
}

const MAX_KEY_BYTES = 65_536

async function createToken(name: string, options: TokenOptions, terminal: Terminal): Promise<void> {
  const { namespace, uid, issuer, audience } = options
  checkServiceAccount(namespace, name, 'serviceaccount')
  if (uid === '') throw new Failure('--uid: must not be empty')
  const expirationSeconds = Math.floor(durationSeconds(options.duration, '--duration'))
  const bound = boundObject(name, options)
  const signingKey = await signingKeyFromPem(await readText(terminal, options.key, MAX_KEY_BYTES))
  const tokens = tokenIssuer({
    issuer,
    signingKey,
    objects: serviceAccountObjects({ serviceAccounts: [{ namespace, name, uid }], ...bound.objects }),
    // The token is as long valid as you ask.
    extendExpiration: false,
  })
  const spec = { audiences: audience, expirationSeconds, ...bound.spec }
  try {
    const { status } = await tokens.issue({ namespace, name }, { spec })
    await writeOut(terminal, `${status.token}\n`, options)
  } catch (error) {
    if (isStatusError(error)) throw new Failure(error.message, { cause: error })
    throw error
  }
}

function boundObject(
  serviceAccountName: string,
  { namespace, boundObjectKind: kind, boundObjectName: name, boundObjectUid: uid }: TokenOptions,
): { readonly objects: object; readonly spec: object } {
  if (kind === undefined && name === undefined && uid === undefined) return { objects: {}, spec: {} }
  if (kind === undefined || name === undefined || uid === undefined) {
    throw new Failure(
      '--bound-object-kind, --bound-object-name and --bound-object-uid: give all of them or none',
    )
  }
  const object = { namespace, name, uid }
  return {
    objects: {
      Pod: { pods: [{ ...object, serviceAccountName }] },
      Secret: { secrets: [{ ...object, data: {} }] },
      Node: { nodes: [{ name, uid }] },
    }[kind],
    spec: { boundObjectRef: { kind, apiVersion: 'v1', name, uid } },
  }
}
