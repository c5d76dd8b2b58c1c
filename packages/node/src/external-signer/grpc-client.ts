import { KubeAuthnError, type Observer } from '@kube-authn/core'
import { notify } from '@kube-authn/core/adapter'
import { systemClock } from '@kube-authn/core/internal'
import type * as Grpc from '@grpc/grpc-js'

export interface GrpcClient {
  /** One call. @throws {SignerCallError} as a rejection. */
  call<T>(call: GrpcCall<T>): Promise<T>
  close(): void
}

export interface GrpcCall<T> {
  /** For example `/v1.ExternalJWTSigner/Sign`. */
  readonly method: string
  readonly request: Buffer
  readonly read: (response: Uint8Array) => T
  readonly timeoutSeconds: number
  readonly signal?: AbortSignal
}

/** The gRPC status names, indexed by code. */
const CODES = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
]

const MAX_MESSAGE_BYTES = 4_194_304

/**
 * A client of the gRPC service at a Unix socket: a path, or `@name` in the abstract namespace of Linux. It connects on the first call and reconnects
 * after a lost connection; a call waits for that until its deadline.
 *
 * @throws {Error} as a rejection if `@grpc/grpc-js` is not installed.
 */
export async function grpcClient(endpoint: string, observer: Observer | undefined): Promise<GrpcClient> {
  const grpc = await loadGrpc()
  const path = endpoint.startsWith('@') ? `\0${endpoint.slice(1)}` : endpoint
  const client = new grpc.Client(`unix:${path}`, grpc.credentials.createInsecure(), {
    'grpc.default_authority': 'localhost',
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    // Proxies of the environment do not apply to a socket.
    'grpc.enable_http_proxy': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 5000,
  })

  return {
    call({ method, request, read, timeoutSeconds, signal }) {
      const startedMs = systemClock.now()
      return new Promise((resolve, reject) => {
        const metadata = new grpc.Metadata({ waitForReady: true })
        const deadline = startedMs + timeoutSeconds * 1000
        const call = client.makeUnaryRequest(
          method,
          (message: Buffer) => message,
          read,
          request,
          metadata,
          { deadline },
          (error, response) => {
            signal?.removeEventListener('abort', cancel)
            const code = error === null ? 'OK' : (CODES[error.code] ?? 'Unknown')
            const durationSeconds = (systemClock.now() - startedMs) / 1000
            notify(observer, { type: 'externalSignerCall', method, code, durationSeconds })
            if (error !== null) reject(new SignerCallError(code, error.details, error))
            else if (response === undefined)
              reject(new SignerCallError('Internal', 'the response has no message'))
            else resolve(response)
          },
        )
        const cancel = (): void => call.cancel()
        if (signal?.aborted === true) cancel()
        else signal?.addEventListener('abort', cancel, { once: true })
      })
    },
    close: () => client.close(),
  }
}

/** Only external signers need it. */
async function loadGrpc(): Promise<typeof Grpc> {
  try {
    return await import('@grpc/grpc-js')
  } catch (cause) {
    throw new Error('an external signer needs the package @grpc/grpc-js, which is not installed', { cause })
  }
}

class SignerCallError extends KubeAuthnError {
  override readonly name = 'SignerCallError'
  readonly code = 'signerCall'
  /** The name of the gRPC status, for example `Unavailable`. */
  readonly grpcCode: string

  /** @param details the status message of the signer; one line of bounded length is shown. */
  constructor(grpcCode: string, details: string, cause?: unknown) {
    const line = details.slice(0, MAX_LENGTH).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    super(`rpc error: code = ${grpcCode} desc = ${line.trim()}`, cause === undefined ? {} : { cause })
    this.grpcCode = grpcCode
  }
}

const MAX_LENGTH = 512
