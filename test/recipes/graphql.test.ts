import { expect, it } from 'vitest'
import { bearer, recipe } from './recipe.ts'

const { load } = recipe('graphql', {
  files: { 'tokens.csv': 'secret,jane,1\nother,ann,2,accountants\n' },
})
const { handler } = await load<{ handler: (request: Request) => Promise<Response> }>('app.ts')

const ask = (query: string, headers: Record<string, string>): Promise<Response> =>
  handler(
    new Request('https://localhost/graphql', {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query }),
    }),
  )

it('gives the user to resolvers', async () => {
  const jane = await ask('{ me }', bearer('secret'))
  await expect(jane.json()).resolves.toEqual({ data: { me: 'jane' } })
  const ann = await ask('{ me salaries }', bearer('other'))
  await expect(ann.json()).resolves.toEqual({ data: { me: 'ann', salaries: '42' } })
})

it('refuses a field, and answers the others', async () => {
  const response = await ask('{ me salaries }', bearer('secret'))
  await expect(response.json()).resolves.toMatchObject({
    data: { me: 'jane', salaries: null },
    errors: [{ message: 'accountants only', path: ['salaries'] }],
  })
})

it.each([{}, bearer('guess')])('refuses %j before it reads the query', async (headers) => {
  for (const query of ['{ me }', '{ __schema { types { name } } }', '{{{']) {
    const response = await ask(query, headers)
    expect(response.status).toBe(401)
    await expect(response.json()).resolves.toMatchObject({ kind: 'Status', code: 401 })
  }
})
