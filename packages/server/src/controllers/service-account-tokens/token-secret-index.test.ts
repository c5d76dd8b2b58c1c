import { expect, it } from 'vitest'
import { tokenSecretIndex } from './token-secrets-controller.ts'

const secret = (namespace: string, name: string, accountName: string) => ({
  namespace,
  name,
  uid: `uid of ${name}`,
  accountName,
  accountUid: '',
})
const namesOf = (index: ReturnType<typeof tokenSecretIndex>, namespace: string, account: string) =>
  Array.from(index.of(namespace, account), ({ name }) => name)

it('finds the secrets of a service account, and follows those that name another one', () => {
  const index = tokenSecretIndex()
  index.add(secret('shop', 'a', 'cart'))
  index.add(secret('shop', 'b', 'cart'))
  index.add(secret('shop', 'constructor', '__proto__'))
  index.add(secret('other', 'a', 'cart'))
  expect(namesOf(index, 'shop', 'cart')).toEqual(['a', 'b'])
  expect(namesOf(index, 'shop', '__proto__')).toEqual(['constructor'])
  expect(namesOf(index, 'shop', 'toString')).toEqual([])
  index.add(secret('shop', 'b', 'till'))
  expect([namesOf(index, 'shop', 'cart'), namesOf(index, 'shop', 'till')]).toEqual([['a'], ['b']])
  expect(index.get('shop', 'b')).toMatchObject({ accountName: 'till', uid: 'uid of b' })
  index.remove('shop', 'b')
  index.remove('shop', 'b')
  expect([index.hasAny('shop', 'till'), index.hasAny('shop', 'cart'), index.get('shop', 'b')]).toEqual([
    false,
    true,
    undefined,
  ])
})

it('can lose secrets while they are gone through', () => {
  const index = tokenSecretIndex()
  for (const name of ['a', 'b', 'c']) index.add(secret('shop', name, 'cart'))
  const names: string[] = []
  for (const { name } of index.of('shop', 'cart')) {
    names.push(name)
    index.remove('shop', name)
  }
  expect([names, index.hasAny('shop', 'cart')]).toEqual([['a', 'b', 'c'], false])
})
