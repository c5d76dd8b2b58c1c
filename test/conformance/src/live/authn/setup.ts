import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bootstrapSecrets } from '@kube-authn/core/bootstrap-token'
import { createAuthenticator } from '@kube-authn/node'

/** With which files and flags a server was started, but for certificates. Text is latin1: one character is a byte. */
export interface RecordedSetup {
  readonly tokenFile?: string
  readonly anonymous?: boolean | object
  readonly authenticationConfig?: string
  readonly bootstrap?: boolean
  readonly secrets?: readonly RecordedSecret[]
  readonly audiences?: readonly string[]
}

interface RecordedSecret {
  readonly metadata: { readonly namespace: string; readonly name: string }
  readonly type?: string
  readonly data?: Readonly<Record<string, string>>
}

/** The authenticator of a set-up without its certificate authorities, as long as `use` takes. */
export async function* withAuthenticator<Result>(
  setup: RecordedSetup,
  use: (authenticator: ReturnType<typeof createAuthenticator>) => AsyncIterable<Result>,
): AsyncGenerator<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'live-authn-'))
  const put = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, Buffer.from(text, 'latin1'))
    return path
  }
  const { tokenFile, audiences, bootstrap = false, secrets = [], anonymous = true } = setup
  const configuration = configurationOf(setup)
  const authenticator = createAuthenticator({
    ...(tokenFile !== undefined && { tokenFile: put('tokens.csv', tokenFile) }),
    ...(configuration === undefined
      ? { anonymous: anonymous === true }
      : { authenticationConfig: put('authentication.yaml', configuration) }),
    ...(bootstrap && { bootstrapTokens: bootstrapSecrets(secrets.map(secretOf)) }),
    ...(audiences && { audiences }),
  })
  try {
    yield* use(authenticator)
  } finally {
    authenticator.close()
    rmSync(folder, { recursive: true })
  }
}

function configurationOf({ authenticationConfig, anonymous }: RecordedSetup): string | undefined {
  if (authenticationConfig !== undefined || typeof anonymous !== 'object') return authenticationConfig
  const header = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration' }
  return Buffer.from(JSON.stringify({ ...header, jwt: [], anonymous })).toString('latin1')
}

function secretOf({
  metadata,
  type = 'Opaque',
  data = {},
}: RecordedSecret): Parameters<typeof bootstrapSecrets>[0] extends Iterable<infer Secret> | undefined
  ? Secret
  : never {
  const decoded = Object.entries(data).map(([name, value]) => [
    name,
    Buffer.from(value, 'base64').toString('utf8'),
  ])
  return { ...metadata, uid: 'u', type, data: Object.fromEntries(decoded) as Record<string, string> }
}
