import { describe, expect, it } from 'vitest'
import type { PolicyRule } from './objects.ts'
import { ruleAllows, type RuleQuestion } from './rule.ts'

const RULE: PolicyRule = {
  verbs: ['get'],
  apiGroups: ['apps'],
  resources: ['pods'],
  resourceNames: [],
  nonResourceURLs: [],
}

const QUESTION: RuleQuestion = {
  verb: 'get',
  resourceRequest: true,
  apiGroup: 'apps',
  resource: 'pods',
  subresource: '',
  name: 'p',
  path: '/apis/apps/v1/pods/p',
}

const allows = (rule: Partial<PolicyRule>, question: Partial<RuleQuestion> = {}): boolean =>
  ruleAllows({ ...RULE, ...rule }, { ...QUESTION, ...question })

describe('a rule about resources', () => {
  it.each<[string, Partial<PolicyRule>, Partial<RuleQuestion>]>([
    ['what it says', {}, {}],
    ['one of its verbs', { verbs: ['list', 'get'] }, {}],
    ['any verb', { verbs: ['*'] }, { verb: 'anything' }],
    ['any verb, among others', { verbs: ['list', '*'] }, {}],
    ['one of its groups', { apiGroups: ['', 'apps'] }, {}],
    ['the core group', { apiGroups: [''] }, { apiGroup: '' }],
    ['any group', { apiGroups: ['*'] }, { apiGroup: 'x' }],
    ['one of its resources', { resources: ['secrets', 'pods'] }, {}],
    ['any resource', { resources: ['*'] }, { resource: 'x' }],
    ['any resource, and what is below it', { resources: ['*'] }, { resource: 'x', subresource: 'log' }],
    ['a subresource', { resources: ['pods/log'] }, { subresource: 'log' }],
    ['a subresource of any resource', { resources: ['*/log'] }, { subresource: 'log' }],
    ['one of its names', { resourceNames: ['o', 'p'] }, {}],
    ['no name, where it has none', { resourceNames: [] }, { name: '' }],
  ])('covers %s', (_, rule, question) => {
    expect(allows(rule, question)).toBe(true)
  })

  it.each<[string, Partial<PolicyRule>, Partial<RuleQuestion>]>([
    ['no other verb', {}, { verb: 'list' }],
    ['no verb in another case', { verbs: ['Get'] }, {}],
    ['no verb at all without one', { verbs: [] }, {}],
    ['no verb by a part of one', { verbs: ['ge*'] }, {}],
    ['no other group', {}, { apiGroup: '' }],
    ['no group at all without one', { apiGroups: [] }, {}],
    ['no group by a part of one', { apiGroups: ['app*'] }, {}],
    ['no other resource', {}, { resource: 'secrets' }],
    ['no resource at all without one', { resources: [] }, {}],
    ['no resource by a part of one', { resources: ['po*'] }, {}],
    ['no subresource by its resource', {}, { subresource: 'log' }],
    ['no resource by its subresource', { resources: ['pods/log'] }, {}],
    ['no other subresource', { resources: ['pods/log'] }, { subresource: 'exec' }],
    ['no subresource of another resource', { resources: ['nodes/log'] }, { subresource: 'log' }],
    ['no other subresource of any resource', { resources: ['*/log'] }, { subresource: 'exec' }],
    ['no resource by a subresource of any', { resources: ['*/log'] }, {}],
    ['no subresource by a star behind it', { resources: ['pods/*'] }, { subresource: 'log' }],
    ['no resource by the name of one of its subresources', { resources: ['*/'] }, {}],
    ['no other name', { resourceNames: ['o'] }, {}],
    ['no object without a name, where it has names', { resourceNames: ['p'] }, { name: '' }],
    ['no name by a star', { resourceNames: ['*'] }, {}],
  ])('covers %s', (_, rule, question) => {
    expect(allows(rule, question)).toBe(false)
  })
})

describe('a rule about paths', () => {
  it.each<[readonly string[], string, boolean]>([
    [['*'], '/anything', true],
    [['*'], '', true],
    [['/healthz'], '/healthz', true],
    [['/healthz'], '/healthz/', false],
    [['/healthz'], '/Healthz', false],
    [['/healthz'], '/healthz/etcd', false],
    [['/healthz'], '/health', false],
    [['/metrics', '/healthz'], '/healthz', true],
    [['/healthz/*'], '/healthz/etcd', true],
    [['/healthz/*'], '/healthz/', true],
    [['/healthz/*'], '/healthz', false],
    [['/healthz*'], '/healthz', true],
    [['/healthz**'], '/healthz/etcd', true],
    [['/healthz*'], '/metrics', false],
    [['/*/etcd'], '/healthz/etcd', false],
    [['/*/etcd'], '/*/etcd', true],
    [[], '/healthz', false],
    [[''], '/healthz', false],
  ])('that says %j covers "%s": %s', (nonResourceURLs, path, expected) => {
    const asked = { resourceRequest: false, apiGroup: '', resource: '', name: '', path }
    expect(allows({ apiGroups: [], resources: [], nonResourceURLs }, asked)).toBe(expected)
    expect(allows({ apiGroups: [], resources: [], nonResourceURLs }, { ...asked, verb: 'put' })).toBe(false)
  })
})
