import { parseArgs } from 'node:util'

/** The flags of kube-apiserver that the app supports. */
export interface Flags {
  /** `--authentication-config`. */
  readonly authenticationConfig: string
  /** `--tls-cert-file`. */
  readonly certFile: string
  /** `--tls-private-key-file`. */
  readonly keyFile: string
}

/** Returns the flags, if any, and the port. */
export function flagsOf(args: readonly string[]): {
  readonly flags: Flags | undefined
  readonly port: number
} {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      'authentication-config': text,
      'tls-cert-file': text,
      'tls-private-key-file': text,
      'secure-port': { ...text, default: process.env['PORT'] ?? '8443' },
    },
  })
  const {
    'secure-port': port,
    'authentication-config': authenticationConfig,
    'tls-cert-file': certFile,
    'tls-private-key-file': keyFile,
  } = values
  if (authenticationConfig === undefined) return { flags: undefined, port: Number(port) }
  if (certFile === undefined || keyFile === undefined) {
    throw new Error('--tls-cert-file and --tls-private-key-file are needed too')
  }
  return { flags: { authenticationConfig, certFile, keyFile }, port: Number(port) }
}
