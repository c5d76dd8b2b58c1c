import { isIP } from 'node:net'
import type { ConfigurationProblem } from '@kube-authn/core'
import { listOfFlag, type ParsedFlags } from '@kube-authn/node/internal'
import type { SniCertificateFiles } from '../settings.ts'

const FLAG = 'tls-sni-cert-key'

/**
 * Problems of the certificates for names.
 *
 * Deviation: IP addresses and empty names are refused (`docs/deviations.md`, names of certificates).
 *
 * Source: component-base `cli/flag/namedcertkey_flag.go`.
 */
export function sniProblems(flags: ParsedFlags): readonly ConfigurationProblem[] {
  return listOfFlag(flags, FLAG).flatMap((value) =>
    problemsOf(value).map((message) => ({ path: `--${FLAG}`, message })),
  )
}

/** What the flags say, in order, if they have no problems. */
export function sniCertificates(flags: ParsedFlags): readonly SniCertificateFiles[] {
  return listOfFlag(flags, FLAG).map((value) => {
    const { files, names } = partsOf(value)
    const [certFile = '', keyFile = ''] = files
    return { certFile, keyFile, ...(names !== undefined && { names }) }
  })
}

function problemsOf(value: string): readonly string[] {
  const { files, names = ['x'] } = partsOf(value)
  if (names.length === 1 && names[0] === '') return ['empty names list is not allowed']
  if (files.length !== 2 || files.includes('')) {
    return ['expected comma separated certificate and key file paths']
  }
  if (names.includes('')) return ['a name must not be empty']
  const address = names.find((name) => isIP(name) !== 0)
  if (address === undefined) return []
  return [`a name must not be an IP address: clients name none; put ${address} into --tls-cert-file`]
}

interface Parts {
  readonly files: readonly string[]
  /** `undefined` if none are given. */
  readonly names: readonly string[] | undefined
}

function partsOf(value: string): Parts {
  const colon = value.indexOf(':')
  const list = (text: string): readonly string[] => text.split(',').map((each) => each.trim())
  if (colon === -1) return { files: list(value), names: undefined }
  return { files: list(value.slice(0, colon)), names: list(value.slice(colon + 1)) }
}
