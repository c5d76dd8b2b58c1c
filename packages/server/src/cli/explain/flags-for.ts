import { refuseProblems } from '@kube-authn/core/internal'
import type { ConfigurationProblem } from '@kube-authn/core'
import { parseFlags } from '@kube-authn/node/internal'
import { type Kind, recognize } from '../check/recognize.ts'
import { Failure } from '../failure.ts'
import {
  OWN_FLAGS,
  SERVE_TABLE,
  unknownFlag,
  isWithoutEffect,
  REFUSED_FLAGS,
} from '../serve/flags/flag-table.ts'
import { readFile } from '../terminal/input.ts'

const MAX_BYTES = 100 * 1024 * 1024

const FLAGS: Readonly<Partial<Record<Kind, string>>> = {
  'token-file': '--token-auth-file',
  'password-file': '--basic-auth-file',
  authentication: '--authentication-config',
  kubeconfig: '--authentication-token-webhook-config-file',
}

/** The flags of kube-apiserver for files, and the flags that follow them. @throws {Failure} if a file cannot be read, or is of no kind that a flag takes. */
export function flagsFor(args: readonly string[]): readonly string[] {
  const first = args.findIndex((each) => each.startsWith('-'))
  const end = first === -1 ? args.length : first
  return [...args.slice(0, end).map(flagFor), ...args.slice(end)]
}

function flagFor(path: string): string {
  const bytes = readFile(path, MAX_BYTES)
  const found = recognize(path, bytes)
  const flag = 'kind' in found ? FLAGS[found.kind] : flagOfCertificates(bytes)
  if (flag !== undefined) return `${flag}=${path}`
  throw new Failure(
    `${path}: not recognized as a file for authentication; name it with its flag, as in --token-auth-file=${path}`,
  )
}

function flagOfCertificates(bytes: Uint8Array<ArrayBuffer>): string | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return text.includes('-----BEGIN CERTIFICATE-----') ? '--client-ca-file' : undefined
}

const SERVER_FLAGS = new Map([...SERVE_TABLE.flags].filter(([name]) => !Object.hasOwn(OWN_FLAGS, name)))

/**
 * Refuses flags that neither this command nor kube-apiserver has. A misspelt option would otherwise be taken for a flag without meaning here, and the
 * explanation would be that of another request.
 *
 * @param options the names of the options of the command, without dashes.
 * @throws {ConfigurationError} with every such flag.
 */
export function refuseUnknownFlags(flags: readonly string[], options: readonly string[]): void {
  const known = [...options, ...SERVER_FLAGS.keys()]
  const found: ConfigurationProblem[] = []
  parseFlags(
    flags,
    {},
    {
      ...SERVE_TABLE,
      flags: SERVER_FLAGS,
      unknown(dashes, name) {
        const isOfServer =
          dashes === '--' ? isWithoutEffect(name) || Object.hasOwn(REFUSED_FLAGS, name) : /^v\d*$/.test(name)
        if (!isOfServer) found.push(unknownFlag('explain', known, dashes, name))
        return undefined
      },
    },
  )
  refuseProblems(found)
}
