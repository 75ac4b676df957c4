import { describe, expect, it } from 'vitest'
import { type AclForm, bindingsOf, problemsOf } from './aclForm.ts'

const form = (given: Partial<AclForm> = {}): AclForm => ({
  principal: 'User:alice',
  permission: 'ALLOW',
  resourceType: 'TOPIC',
  patternType: 'PREFIXED',
  resourceName: 'orders-',
  operations: ['READ', 'DESCRIBE'],
  host: '*',
  ...given,
})

describe('a form for ACLs', () => {
  it('means a binding for each operation', () => {
    expect(bindingsOf(form({ principal: ' User:alice ' }))).toEqual(
      (['READ', 'DESCRIBE'] as const).map(operation => ({
        principal: 'User:alice',
        host: '*',
        permission: 'ALLOW',
        operation,
        resourceType: 'TOPIC',
        resourceName: 'orders-',
        patternType: 'PREFIXED',
      })),
    )
  })

  it('means one binding when it is for all operations', () => {
    expect(bindingsOf(form({ operations: ['READ', 'ALL'] })).map(({ operation }) => operation)).toEqual(['ALL'])
  })

  it('leaves out what cannot be done to such a resource', () => {
    expect(bindingsOf(form({ resourceType: 'TRANSACTIONAL_ID', operations: ['READ', 'WRITE'] }))).toMatchObject([{ operation: 'WRITE' }])
  })

  it('knows the name of the cluster', () => {
    const [binding] = bindingsOf(form({ resourceType: 'CLUSTER', resourceName: '', operations: ['ALTER'] }))
    expect(binding).toMatchObject({ resourceName: 'kafka-cluster', patternType: 'LITERAL' })
    expect(problemsOf(form({ resourceType: 'CLUSTER', resourceName: '' })).size).toBe(0)
  })

  it.each([
    [{}, []],
    [{ principal: 'alice' }, ['principal']],
    [{ principal: 'User:' }, ['principal']],
    [{ host: ' ', resourceName: '' }, ['host', 'resourceName']],
  ] as const)('with %j has problems with %j', (given, problems) => {
    expect([...problemsOf(form(given))]).toEqual(problems)
  })
})
