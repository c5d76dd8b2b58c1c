import type * as Grpc from '@grpc/grpc-js'
import { notify, type Observer, systemClock } from '@kube-authn/core'
import { SignerCallError } from './signer-call-error.ts'

/** Calls the methods of one service. */
export interface GrpcClient {
  /** One call. @throws {SignerCallError} as a rejection. */
  call<T>(call: GrpcCall<T>): Promise<T>
  close(): void
}

/** A call of one message and one answer. */
export interface GrpcCall<T> {
  /** As in `/v1.ExternalJWTSigner/Sign`. */
  readonly method: string
  readonly request: Buffer
  readonly read: (response: Uint8Array) => T
  readonly timeoutSeconds: number
  /** Ends it early. */
  readonly signal?: AbortSignal
}

/** What gRPC calls the statuses, by their number. */
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
 * A client of the gRPC service at a Unix socket: a path, or `@name` in the abstract namespace of Linux. It connects when it is first called,
 * and again where the connection is lost; a call waits for that until its time is over.
 *
 * @throws {Error} as a rejection when `@grpc/grpc-js` is not installed.
 */
export async function grpcClient(endpoint: string, observer: Observer | undefined): Promise<GrpcClient> {
  const grpc = await loadGrpc()
  const path = endpoint.startsWith('@') ? `\0${endpoint.slice(1)}` : endpoint
  const client = new grpc.Client(`unix:${path}`, grpc.credentials.createInsecure(), {
    'grpc.default_authority': 'localhost',
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    // What the environment says about proxies is not about a socket.
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
            else if (response === undefined) reject(new SignerCallError('Internal', 'no message came'))
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

/** Only who has an external signer needs it. */
async function loadGrpc(): Promise<typeof Grpc> {
  try {
    return await import('@grpc/grpc-js')
  } catch (cause) {
    throw new Error('an external signer needs the package @grpc/grpc-js, which is not installed', { cause })
  }
}
