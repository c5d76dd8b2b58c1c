import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { Recordings } from '../recordings.ts'
import type { ClientCredential, SignatureScheme } from '../tls/handshake-messages.ts'

const FILE = 'authn/setups/pki.json'

interface RecordedPki {
  /** Certificates of authorities and of the server, by name, in PEM. */
  readonly certificates: Readonly<Record<string, string>>
  readonly keys: Readonly<Record<string, string>>
  readonly clients: Readonly<Record<string, RecordedClient>>
}

interface RecordedClient {
  /** In base64. */
  readonly chain: readonly string[]
  /** The name of the key of its certificate. */
  readonly key: string
  /** The name of the key that signs the handshake, if different. */
  readonly signWith?: string
  readonly scheme?: SignatureScheme
}

/** The certificates of the recordings. */
export interface Pki {
  readonly server: { readonly cert: string; readonly key: string }
  /** Concatenated PEM certificates. */
  bundle(names: readonly string[]): string
  credentialOf(client: string): ClientCredential
}

export function pkiOf(recordings: Recordings): Pki {
  const { certificates, keys, clients } = recordings.json(FILE) as RecordedPki
  const read = new Map<string, KeyObject>()
  const keyOf = (name: string): KeyObject => {
    const key = read.get(name) ?? createPrivateKey(named(keys, name))
    read.set(name, key)
    return key
  }
  return {
    server: { cert: named(certificates, 'server'), key: named(keys, 'server') },
    bundle: (names) => names.map((name) => named(certificates, name)).join(''),
    credentialOf(client) {
      const { chain, key, signWith = key, scheme } = named(clients, client)
      const ders = chain.map((der) => Buffer.from(der, 'base64'))
      return { chain: ders, key: keyOf(signWith), ...(scheme && { scheme }) }
    },
  }
}

function named<Value>(all: Readonly<Record<string, Value>>, name: string): Value {
  const value = all[name]
  if (value === undefined) throw new Error(`${FILE} has no ${name}`)
  return value
}
