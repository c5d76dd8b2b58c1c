import type { RequestAttributes } from '../src/authorization/attributes.ts'
import type { Selector, SelectorRequirement } from '../src/authorization/selectors/selector.ts'
import { userInfo, type UserInfo } from '../src/authenticator/user.ts'
import { type Variants, variationsOf } from './two-questions.ts'

/*
 * Who wants to do what, in every way in which two such questions differ: values, neighbours that run into each other, the order
 * of what is in order, and what is empty.
 */

/** A user to differ from. */
export const USER: UserInfo = userInfo({
  username: 'jane',
  uid: '1',
  groups: ['a', 'b'],
  extra: { k: ['1', '2'], l: ['3'] },
})

export const USER_VARIANTS: Variants<UserInfo> = {
  username: { differs: { another: 'bob', 'another case': 'Jane', 'one with the uid': 'jane1', empty: '' } },
  uid: { differs: { another: '2', none: '' } },
  groups: {
    differs: {
      none: [],
      fewer: ['a'],
      more: ['a', 'b', 'c'],
      'another order': ['b', 'a'],
      'one name of two': ['a,b'],
      'a list in a name': ['a","b'],
      'one long name': ['ab'],
      'the same twice': ['a', 'b', 'b'],
      'an empty one': ['a', 'b', ''],
    },
  },
  extra: {
    differs: {
      none: {},
      'fewer keys': { k: ['1', '2'] },
      'more keys': { k: ['1', '2'], l: ['3'], m: ['4'] },
      'another key': { k: ['1', '2'], m: ['3'] },
      'fewer values': { k: ['1'], l: ['3'] },
      'another value': { k: ['1', '2'], l: ['4'] },
      'another order of values': { k: ['2', '1'], l: ['3'] },
      'a value of another key': { k: ['1'], l: ['2', '3'] },
      'one value of two': { k: ['1,2'], l: ['3'] },
      'one long value': { k: ['12'], l: ['3'] },
      'no value': { k: ['1', '2'], l: [] },
      'an empty value': { k: ['1', '2'], l: [''] },
      'values changed over': { k: ['3'], l: ['1', '2'] },
    },
    same: { 'another order of keys': { l: ['3'], k: ['1', '2'] } },
  },
}

const REQUIREMENT: SelectorRequirement = { key: 'x', operator: 'In', values: ['1', '2'] }

const requirements: Variants<SelectorRequirement> = {
  key: { differs: { another: 'y', 'with a value': 'x1' } },
  operator: { differs: { another: 'NotIn' } },
  values: {
    differs: {
      fewer: ['1'],
      'another order': ['2', '1'],
      'one of two': ['1,2'],
      'one long one': ['12'],
      none: [],
      'an empty one': [''],
    },
  },
}

/** Those that can be read. */
const SELECTORS: Variants<Omit<Selector, 'error'>> = {
  requirements: {
    differs: {
      one: [REQUIREMENT],
      two: [REQUIREMENT, { ...REQUIREMENT, key: 'y' }],
      'the same twice': [REQUIREMENT, REQUIREMENT],
      ...Object.fromEntries(
        variationsOf(REQUIREMENT, requirements).map(({ what, question }) => [`one, ${what}`, [question]]),
      ),
    },
    same: { none: [] },
  },
}

function selectors(isSame: boolean): Readonly<Record<string, Selector>> {
  const variations = variationsOf<Omit<Selector, 'error'>>({ requirements: [] }, SELECTORS)
  return Object.fromEntries(
    variations.filter((each) => each.isSame === isSame).map(({ what, question }) => [what, question]),
  )
}

/** About a resource. */
export const RESOURCE_REQUEST: RequestAttributes = {
  verb: 'list',
  resource: 'pods',
  subresource: 's',
  name: 'n',
  namespace: 'ns',
  apiGroup: 'g',
  apiVersion: 'v1',
  path: '/pods',
}

export const RESOURCE_VARIANTS: Variants<RequestAttributes> = {
  verb: { differs: { another: 'watch', empty: '' } },
  resource: { differs: { another: 'secrets', 'with the subresource': 'podss', empty: '' } },
  subresource: { differs: { another: 't', empty: '' } },
  name: { differs: { another: 'm', empty: '', 'with the namespace': 'nns' } },
  namespace: { differs: { another: 'kube-system', empty: '' } },
  apiGroup: { differs: { another: 'h', 'with the version': 'gv1', empty: '' } },
  apiVersion: { differs: { another: 'v2', empty: '' } },
  path: { differs: { another: '/secrets', empty: '' } },
  fieldSelector: { differs: selectors(false), same: selectors(true) },
  labelSelector: { differs: selectors(false), same: selectors(true) },
}
