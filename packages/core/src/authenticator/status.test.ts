import { describe, expect, it } from 'vitest'
import { StatusError } from './status.ts'

const SECRET = 'c2VjcmV0'
const init = { status: 401, reason: 'Unauthorized', message: 'Unauthorized' }

describe('StatusError', () => {
  it('has what Express, Koa and Hono look for', () => {
    expect(new StatusError(init)).toMatchObject({
      name: 'StatusError',
      message: 'Unauthorized',
      status: 401,
      statusCode: 401,
      expose: true,
    })
    expect(new StatusError(init)).toBeInstanceOf(Error)
  })

  it('renders a Status', async () => {
    const response = new StatusError({ ...init, details: { kind: 'pods' } }).getResponse()
    expect(response.status).toBe(401)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('cache-control')).toBe('no-cache, private')
    expect(await response.json()).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Unauthorized',
      reason: 'Unauthorized',
      details: { kind: 'pods' },
      code: 401,
    })
  })

  it('leaves details out when there are none', () => {
    expect(new StatusError(init).body).not.toHaveProperty('details')
  })

  it('renders the same answer again and again', async () => {
    const error = new StatusError(init)
    expect(await error.getResponse().text()).toBe(await error.getResponse().text())
  })

  it('sends several values of a header as several', () => {
    const headers = { 'www-authenticate': ['Basic realm="a"', 'Bearer realm="a"'], 'retry-after': '1' }
    const error = new StatusError({ ...init, headers })
    expect(error.headers['www-authenticate']).toEqual(headers['www-authenticate'])
    expect(error.getResponse().headers.get('www-authenticate')).toBe('Basic realm="a", Bearer realm="a"')
    expect(error.getResponse().headers.get('retry-after')).toBe('1')
  })

  it('does not follow the headers it was made from', () => {
    const values = ['a']
    const error = new StatusError({ ...init, headers: { 'www-authenticate': values } })
    values.push('b')
    expect(error.headers['www-authenticate']).toEqual(['a'])
  })

  it.each([new Error(SECRET), SECRET, { secret: SECRET }])('keeps the cause %o to itself', async (cause) => {
    const error = new StatusError({ ...init, cause })
    expect(error.cause).toBe(cause)
    expect(JSON.stringify(error)).not.toContain(SECRET)
    expect(JSON.stringify(error.body)).not.toContain(SECRET)
    expect(JSON.stringify(error.headers)).not.toContain(SECRET)
    expect(String(error)).not.toContain(SECRET)
    expect(await error.getResponse().text()).not.toContain(SECRET)
  })

  it('has no cause of its own', () => {
    expect('cause' in new StatusError(init)).toBe(false)
  })
})
