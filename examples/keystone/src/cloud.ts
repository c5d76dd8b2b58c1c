import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { HttpFetch } from '@kube-authn/node'
import type { Material } from '@kube-authn-example/material'
import type { Secret } from './material.ts'

/** The objects that the administrator of the cloud created. */
export interface Cloud {
  /** The id of the project `shop`. */
  readonly project: string
}

/**
 * Creates the project `shop` with jane, who is in the group `developers`, and joe, whose user is disabled. Objects of an earlier
 * run are kept.
 */
export async function prepareCloud(
  url: string,
  fetch: HttpFetch,
  material: Material<Secret>,
): Promise<Cloud> {
  const file = material.path('cloud.json')
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(await makeCloud(url, fetch, material)))
  return JSON.parse(readFileSync(file, 'utf8')) as Cloud
}

async function makeCloud(url: string, fetch: HttpFetch, { secrets }: Material<Secret>): Promise<Cloud> {
  const domain = { id: 'default' }
  const user = { name: 'admin', domain, password: secrets.adminsPassword }
  const identity = { methods: ['password'], password: { user } }
  const scope = { project: { name: 'admin', domain } }
  const login = await fetch(`${url}/v3/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth: { identity, scope } }),
  })
  const headers = {
    'content-type': 'application/json',
    'x-auth-token': login.headers.get('x-subject-token') ?? '',
  }

  const send = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${url}/v3${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === '' ? {} : JSON.parse(text)
  }
  const create = async (kind: string, attributes: object): Promise<string> => {
    const made = await send('POST', `/${kind}s`, { [kind]: { domain_id: domain.id, ...attributes } })
    return (made as Readonly<Record<string, { id: string }>>)[kind]?.id ?? ''
  }

  const project = await create('project', { name: 'shop' })
  const developers = await create('group', { name: 'developers' })
  const jane = await create('user', { name: 'jane', password: secrets.janesPassword })
  await create('user', { name: 'joe', password: secrets.joesPassword, enabled: false })
  const { roles } = (await send('GET', '/roles?name=member')) as { roles: readonly { id: string }[] }
  await send('PUT', `/groups/${developers}/users/${jane}`)
  await send('PUT', `/projects/${project}/users/${jane}/roles/${roles[0]?.id}`)
  return { project }
}
