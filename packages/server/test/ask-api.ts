import { memoryObjectStore } from '@kube-authn/store'
import { kubernetesApi } from '../src/api/api-handler.ts'
import type { KubernetesApiOptions } from '../src/api/kubernetes-api.ts'

/** What tests look at in objects. Which of it there is depends on the object. */
export interface AnswerObject {
  readonly kind: string
  readonly code: number
  readonly reason: string
  readonly message: string
  readonly details: { readonly causes: readonly { readonly field: string }[] }
  readonly metadata: {
    readonly annotations: Readonly<Record<string, string>>
    readonly labels: Readonly<Record<string, string>>
    readonly finalizers: readonly string[]
    readonly resourceVersion: string
    readonly continue: string
  }
  readonly spec: { readonly finalizers: readonly string[] }
  readonly status: { readonly phase: string }
  readonly data: Readonly<Record<string, string>>
  readonly items: readonly AnswerObject[]
  readonly resources: readonly { readonly name: string }[]
}

/** What a test looks at in an answer. */
export interface Asked {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** `{}` if the answer is not one value in JSON. */
  readonly json: AnswerObject
}

/** Sends a request to an API; a body that is neither a string nor bytes is sent as JSON. */
export type Ask = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Asked>

/** An API over a new store in memory. */
export async function askApi(options: Partial<KubernetesApiOptions> = {}): Promise<Ask> {
  const { clock } = options
  const store = memoryObjectStore(clock === undefined ? {} : { clock })
  const api = await kubernetesApi({ store, ...options })
  return async function ask(method, path, body, headers = {}) {
    const isRaw = body === undefined || typeof body === 'string' || body instanceof Uint8Array
    const sent = isRaw ? body : JSON.stringify(body)
    const response = await api(
      new Request(`https://api${path}`, {
        method,
        headers: { ...(sent !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(sent !== undefined && { body: sent as BodyInit }),
      }),
    )
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, json: parsed(text) }
  }
}

function parsed(text: string): AnswerObject {
  try {
    return JSON.parse(text) as AnswerObject
  } catch {
    return {} as AnswerObject
  }
}
