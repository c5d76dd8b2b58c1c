import type { ConfigurationProblem } from '@kube-authn/core'
import type { Transport } from './endpoint.ts'

/** PEM data, or the path of a PEM file, which is reloaded when it changes. */
export type PemSource = { readonly pem: string } | { readonly path: string }

/** A PEM source, and the option that has it. */
export interface TransportPem {
  readonly option: 'ca' | 'caFile' | 'cert' | 'certFile' | 'key' | 'keyFile'
  readonly source: PemSource
}

/** The PEM sources of a transport. */
export interface TransportPems {
  readonly ca: TransportPem | undefined
  readonly cert: TransportPem | undefined
  readonly key: TransportPem | undefined
}

/** The PEM sources of a transport: data before files. */
export function transportPems({ ca, caFile, cert, certFile, key, keyFile }: Transport): TransportPems {
  return {
    ca: sourceOf('ca', ca) ?? sourceOf('caFile', caFile),
    cert: sourceOf('cert', cert) ?? sourceOf('certFile', certFile),
    key: sourceOf('key', key) ?? sourceOf('keyFile', keyFile),
  }
}

/** Problems of their combination: data and a file, or a client certificate without its key. */
export function combinationProblems(transport: Transport): readonly ConfigurationProblem[] {
  const both = (['ca', 'cert', 'key'] as const).flatMap((option) =>
    transport[option] === undefined || transport[`${option}File`] === undefined
      ? []
      : [{ path: `${option}File`, message: `cannot be set together with ${option}` }],
  )
  const { cert, key } = transportPems(transport)
  if ((cert === undefined) === (key === undefined)) return both
  const [path, other] = cert === undefined ? ['cert', 'key'] : ['key', 'cert']
  return [...both, { path, message: `must be specified together with ${other}` }]
}

function sourceOf(option: TransportPem['option'], value: string | undefined): TransportPem | undefined {
  if (value === undefined) return undefined
  return { option, source: option.endsWith('File') ? { path: value } : { pem: value } }
}
