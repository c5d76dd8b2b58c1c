import type { IncomingMessage, ServerResponse } from 'node:http'

/** What a webhook is asked, as far as tests look at it. */
export interface AskedReview {
  readonly apiVersion: string
  readonly spec: { readonly token: string; readonly audiences?: readonly string[] }
}

/** A webhook that knows the users of these tokens. It keeps what it was asked. */
export function reviewsFor(users: Readonly<Record<string, string>>): {
  readonly listener: (request: IncomingMessage, response: ServerResponse) => void
  readonly bodies: readonly AskedReview[]
} {
  const bodies: AskedReview[] = []
  return {
    bodies,
    listener(request, response) {
      let text = ''
      request.on('data', (part: Buffer) => (text += part.toString()))
      request.on('end', () => {
        const body = JSON.parse(text) as AskedReview
        bodies.push(body)
        const username = Object.hasOwn(users, body.spec.token) ? users[body.spec.token] : undefined
        const status =
          username === undefined ? { authenticated: false } : { authenticated: true, user: { username } }
        response.end(JSON.stringify({ apiVersion: body.apiVersion, kind: 'TokenReview', status }))
      })
    },
  }
}
