import { describe, expect, it } from 'vitest'
import type { ClientQuota } from '../../../../src-main/contract/security.ts'
import { changesOf, entityOf, formOf, kindOf, namelessOf, quotaNamesOf, valueProblem } from './quotaForm.ts'

const quota: ClientQuota = {
  entity: [
    { entityType: 'user', entityName: 'alice' },
    { entityType: 'client-id', entityName: null },
  ],
  values: { producer_byte_rate: 1_024, request_percentage: 12.5 },
}

describe('a form for quotas', () => {
  it('is filled with what is set, and means the same again', () => {
    const form = formOf(quota)
    expect(form).toMatchObject({ kind: 'both', values: { producer_byte_rate: '1024', consumer_byte_rate: '', request_percentage: '12.5' } })
    expect(entityOf(form)).toEqual(quota.entity)
    expect(changesOf(form, quota)).toEqual([])
  })

  it('means only what differs: a value, and an empty field that had one', () => {
    const form = formOf(quota)
    form.values.consumer_byte_rate = ' 2048 '
    form.values.request_percentage = ''
    expect(changesOf(form, quota)).toEqual([
      { name: 'consumer_byte_rate', value: 2_048 },
      { name: 'request_percentage', value: null },
    ])
  })

  it('asks for names, and an address only for connections', () => {
    const form = formOf(undefined)
    form.kind = 'both'
    expect([...namelessOf(form)]).toEqual(['user', 'client-id'])
    form.isDefault['client-id'] = true
    expect([...namelessOf(form)]).toEqual(['user'])
    expect(quotaNamesOf('ip')).toEqual(['connection_creation_rate'])
    expect(quotaNamesOf('user')).not.toContain('connection_creation_rate')
    expect(kindOf([{ entityType: 'ip', entityName: null }])).toBe('ip')
  })

  it.each([
    ['producer_byte_rate', '', undefined],
    ['producer_byte_rate', '1048576', undefined],
    ['producer_byte_rate', '1.5', 'whole'],
    ['producer_byte_rate', 'much', 'whole'],
    ['request_percentage', '12.5', undefined],
    ['request_percentage', '0', 'positive'],
    ['request_percentage', '-1', 'positive'],
  ] as const)('%s may be "%s": %s', (name, text, problem) => expect(valueProblem(name, text)).toBe(problem))
})
