import type { ConfigurationProblem } from '@kube-authn/core'
import { booleanOf, keepsHttp2Fields, numberOf, type ParsedFlags } from '@kube-authn/node/internal'
import type { TlsSettings } from '../settings.ts'

const OFF = 'disable-http2-serving'
const MAX_STREAMS = 'http2-max-streams-per-connection'
/** As in kube-apiserver 1.36. */
const DEFAULT_STREAMS = 100
/** More than a frame of settings can say. */
const TOO_MANY = 2 ** 32

/**
 * Problems of the flags of HTTP/2.
 *
 * Deviation: it is off by default (`docs/deviations.md`, HTTP/2 of serve).
 */
export function http2Problems(flags: ParsedFlags): readonly ConfigurationProblem[] {
  const streams = numberOf(flags, MAX_STREAMS)
  return [
    ...(booleanOf(flags, OFF) || keepsHttp2Fields()
      ? []
      : [
          {
            path: `--${OFF}`,
            message:
              'HTTP/2 needs Node.js 22.17, 24.2 or later: others may drop headers of a request silently',
          },
        ]),
    ...(streams >= 0 && streams < TOO_MANY
      ? []
      : [{ path: `--${MAX_STREAMS}`, message: `must be a number from 0 to ${TOO_MANY - 1}` }]),
  ]
}

/** What flags without problems say; `undefined` if HTTP/2 is off. */
export function http2Settings(flags: ParsedFlags): TlsSettings['http2'] {
  if (booleanOf(flags, OFF)) return undefined
  const streams = numberOf(flags, MAX_STREAMS)
  return { maxStreams: streams === 0 ? DEFAULT_STREAMS : streams }
}
