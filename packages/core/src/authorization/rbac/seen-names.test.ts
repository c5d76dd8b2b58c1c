import { describe, expect, it } from 'vitest'
import { SeenNames } from './seen-names.ts'

describe('SeenNames', () => {
  it('tells kinds, namespaces and names apart, and knows each again', () => {
    const seen = new SeenNames()
    const all = ['Role', 'RoleBinding'].flatMap((kind) =>
      ['', 'a', 'a b', '__proto__'].flatMap((namespace) =>
        ['', 'b', 'b c', '__proto__'].map((name) =>
          kind === 'Role'
            ? ({ kind: 'Role', namespace, name, rules: [] } as const)
            : ({
                kind: 'RoleBinding',
                namespace,
                name,
                subjects: [],
                roleRef: { kind: '', name: '', apiGroup: '' },
              } as const),
        ),
      ),
    )
    expect(all.map((object) => seen.add(object))).toEqual(all.map(() => true))
    expect(all.map((object) => seen.add(object))).toEqual(all.map(() => false))
  })
})
