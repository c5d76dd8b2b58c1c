import type { HttpFetch } from '@kube-authn/node'
import { CLIENT_ID } from './recipes.ts'

/** Whose token is wanted. */
export interface Login {
  readonly issuer: string
  readonly clientSecret: string
  readonly username: string
  readonly password: string
}

/** Fetches an ID token from the provider, as the printed command does. */
export async function fetchIdToken(fetch: HttpFetch, login: Login): Promise<string> {
  const { issuer, clientSecret, username, password } = login
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${CLIENT_ID}:${clientSecret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: String(new URLSearchParams({ grant_type: 'password', username, password })),
  })
  const answer: unknown = await response.json()
  if (typeof answer !== 'object' || answer === null || !('id_token' in answer)) {
    throw new Error(`${issuer} issued no ID token: ${response.status}`)
  }
  return String(answer.id_token)
}
