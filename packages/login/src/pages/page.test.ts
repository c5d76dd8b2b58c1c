import { describe, expect, it } from 'vitest'
import { page, redirect } from './page.ts'

describe('an answer of the login', () => {
  it.each([
    ['a redirect', () => redirect('/')],
    ['a page', () => page({ status: 400, title: 'a', main: 'b' })],
  ])('has no Set-Cookie if it sets none, which would remove those of the app: %s', async (_, answer) => {
    expect((await answer()).headers).not.toHaveProperty('set-cookie')
  })

  it('has the cookies that it sets', () => {
    expect(redirect('/', ['a=1', 'b=2']).headers).toMatchObject({ 'set-cookie': ['a=1', 'b=2'] })
  })
})
