import { pbkdf2Sync } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AclBinding, AclFilter, NewAclBinding } from '../../contract/security.ts'
import { errorCode } from '../../protocol/errors.ts'
import { AlterClientQuotas } from '../../protocol/messages/alterClientQuotas.ts'
import { AlterUserScramCredentials } from '../../protocol/messages/alterUserScramCredentials.ts'
import { CreateAcls } from '../../protocol/messages/createAcls.ts'
import { DeleteAcls } from '../../protocol/messages/deleteAcls.ts'
import { DescribeAcls, type DescribeAclsResponse } from '../../protocol/messages/describeAcls.ts'
import { DescribeClientQuotas } from '../../protocol/messages/describeClientQuotas.ts'
import { DescribeUserScramCredentials } from '../../protocol/messages/describeUserScramCredentials.ts'
import { ScriptedKafka } from '../../simulation/kafka/scriptedKafka.ts'
import { type AdminServices, adminServices } from '../adminServices.ts'
import type { SaltPassword } from './scramUsers.ts'

const clusterId = 'scripted'
const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
const saltPassword: SaltPassword = async ({ password, iterations }) => ({
  salt,
  saltedPassword: pbkdf2Sync(password, salt, iterations, 32, 'sha256'),
})

const scripted = [
  DescribeAcls,
  CreateAcls,
  DeleteAcls,
  DescribeUserScramCredentials,
  AlterUserScramCredentials,
  DescribeClientQuotas,
  AlterClientQuotas,
]

let kafka: ScriptedKafka
let admin: AdminServices
beforeEach(async () => {
  kafka = new ScriptedKafka()
  kafka.controllerId = 2
  for (const api of scripted) {
    kafka.script(api, () => {
      throw new Error(`The test says nothing of ${api.name}`)
    })
  }
  await kafka.world.settle(kafka.start())
  admin = adminServices(kafka.world.env('client'), { bootstrapOf: () => [kafka.addressOf(1)], saltPassword })
})
afterEach(async () => {
  await admin.close()
  kafka.world.close()
})

const settle = <T>(promise: Promise<T>) => kafka.world.settle(promise)
const asked = (api: string) => kafka.asked.filter(each => each.api === api)

const anything: AclFilter = {
  principal: null,
  host: null,
  permission: null,
  operation: null,
  resourceType: null,
  resourceName: null,
  patternType: null,
}
const reads: NewAclBinding = {
  principal: 'User:alice',
  host: '*',
  permission: 'ALLOW',
  operation: 'READ',
  resourceType: 'TOPIC',
  resourceName: 'orders',
  patternType: 'LITERAL',
}
const [TOPIC, LITERAL, READ, ALLOW] = [2, 3, 3, 3]
const told = { resourceType: TOPIC, resourceName: 'orders', patternType: LITERAL }
const toldAcl = { principal: 'User:alice', host: '*', operation: READ, permissionType: ALLOW }

describe('access control lists', () => {
  const bindings = async (filter: AclFilter = anything) => (await settle(admin.security.acls({ clusterId, filter }))).bindings

  function telling(
    resources: DescribeAclsResponse['resources'],
    error: 'NONE' | 'SECURITY_DISABLED' | 'CLUSTER_AUTHORIZATION_FAILED' = 'NONE',
  ) {
    kafka.script(DescribeAcls, () => ({ throttleTimeMs: 0, errorCode: errorCode(error), errorMessage: null, resources }))
  }

  it('are listed in Kafka’s words, those of a principal together', async () => {
    telling([
      { ...told, acls: [{ ...toldAcl, principal: 'User:bob', operation: 15, permissionType: 2 }, toldAcl] },
      { resourceType: 5, resourceName: 'pay-', patternType: 4, acls: [{ ...toldAcl, host: '10.0.0.1', operation: 4 }] },
    ])
    expect(await bindings()).toEqual([
      { ...reads, resourceType: 'TOPIC' },
      { ...reads, host: '10.0.0.1', operation: 'WRITE', resourceType: 'TRANSACTIONAL_ID', resourceName: 'pay-', patternType: 'PREFIXED' },
      { ...reads, principal: 'User:bob', permission: 'DENY', operation: 'TWO_PHASE_COMMIT' },
    ])
  })

  it('are asked for by what is to match, and by anything where nothing is said', async () => {
    telling([])
    await bindings()
    await bindings({ ...anything, principal: 'User:alice', resourceType: 'TOPIC', resourceName: 'orders', patternType: 'MATCH' })
    expect(asked('DescribeAcls').map(({ request }) => request)).toEqual([
      {
        resourceTypeFilter: 1,
        resourceNameFilter: null,
        patternTypeFilter: 1,
        principalFilter: null,
        hostFilter: null,
        operation: 1,
        permissionType: 1,
      },
      expect.objectContaining({ resourceTypeFilter: 2, resourceNameFilter: 'orders', patternTypeFilter: 2, principalFilter: 'User:alice' }),
    ])
  })

  it('of a cluster without an authorizer are none, which is no failure', async () => {
    telling([], 'SECURITY_DISABLED')
    expect(await bindings()).toBe(null)
    telling([], 'CLUSTER_AUTHORIZATION_FAILED')
    await expect(bindings()).rejects.toMatchObject({ code: 'CLUSTER_AUTHORIZATION_FAILED' })
  })

  it('are made by the controller, and those refused are counted', async () => {
    let errors: readonly number[] = [0, 0]
    kafka.script(CreateAcls, () => ({
      throttleTimeMs: 0,
      results: errors.map(code => ({ errorCode: code, errorMessage: code === 0 ? null : 'No such principal.' })),
    }))
    const both = { clusterId, bindings: [reads, { ...reads, operation: 'DESCRIBE' as const }] }
    await settle(admin.security.createAcls(both))
    expect(asked('CreateAcls')).toMatchObject([
      {
        broker: 2,
        request: { creations: [{ ...toldAcl, resourceType: TOPIC, resourceName: 'orders', resourcePatternType: LITERAL }, {}] },
      },
    ])
    errors = [0, errorCode('INVALID_REQUEST')]
    await expect(settle(admin.security.createAcls(both))).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: '1 of 2 were refused, the others are made. No such principal.',
    })
  })

  it('are taken away one for one, and what was not there any more is not counted', async () => {
    kafka.script(DeleteAcls, ({ filters }) => ({
      throttleTimeMs: 0,
      filterResults: filters.map(({ operation }) => ({
        errorCode: 0,
        errorMessage: null,
        matchingAcls: operation === READ ? [{ errorCode: 0, errorMessage: null, ...told, ...toldAcl }] : [],
      })),
    }))
    const gone: AclBinding[] = [reads, { ...reads, operation: 'WRITE' }]
    expect(await settle(admin.security.deleteAcls({ clusterId, bindings: gone }))).toEqual([reads])
    expect(asked('DeleteAcls')[0]?.request).toMatchObject({
      filters: [
        {
          resourceTypeFilter: TOPIC,
          resourceNameFilter: 'orders',
          patternTypeFilter: LITERAL,
          principalFilter: 'User:alice',
          hostFilter: '*',
          operation: READ,
          permissionType: ALLOW,
        },
        { operation: 4 },
      ],
    })
  })

  it('of a kind that is too new to be named are shown, and not taken away: the filter would match others', async () => {
    telling([{ ...told, acls: [{ ...toldAcl, operation: 99 }] }])
    const [stranger] = (await bindings())!
    expect(stranger).toMatchObject({ operation: 'UNKNOWN' })
    await expect(settle(admin.security.deleteAcls({ clusterId, bindings: [stranger!] }))).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(kafka.countOf(DeleteAcls)).toBe(0)
  })
})

describe('SCRAM users', () => {
  it('are listed with their mechanisms and iterations', async () => {
    kafka.script(DescribeUserScramCredentials, () => ({
      throttleTimeMs: 0,
      errorCode: 0,
      errorMessage: null,
      results: [
        { user: 'bob', errorCode: 0, errorMessage: null, credentialInfos: [{ mechanism: 1, iterations: 4_096 }] },
        {
          user: 'alice',
          errorCode: 0,
          errorMessage: null,
          credentialInfos: [
            { mechanism: 2, iterations: 16_384 },
            { mechanism: 1, iterations: 8_192 },
          ],
        },
      ],
    }))
    expect(await settle(admin.security.users({ clusterId }))).toEqual([
      {
        user: 'alice',
        credentials: [
          { mechanism: 'SCRAM-SHA-256', iterations: 8_192 },
          { mechanism: 'SCRAM-SHA-512', iterations: 16_384 },
        ],
      },
      { user: 'bob', credentials: [{ mechanism: 'SCRAM-SHA-256', iterations: 4_096 }] },
    ])
  })

  const accepting = (error: 'NONE' | 'RESOURCE_NOT_FOUND' | 'NOT_CONTROLLER' = 'NONE') =>
    kafka.script(AlterUserScramCredentials, ({ deletions, upsertions }) => ({
      throttleTimeMs: 0,
      results: [...deletions, ...upsertions].map(({ name }) => ({ user: name, errorCode: errorCode(error), errorMessage: null })),
    }))

  it('get a credential that is derived from their password, which does not travel (RFC 7677)', async () => {
    accepting()
    const credential = { user: 'user', mechanism: 'SCRAM-SHA-256', iterations: 4_096, password: 'pencil' } as const
    await settle(admin.security.setCredential({ clusterId, ...credential }))
    const [{ request, broker } = { request: null, broker: 0 }] = asked('AlterUserScramCredentials')
    expect(broker).toBe(2)
    expect(request).toEqual({
      deletions: [],
      upsertions: [
        {
          name: 'user',
          mechanism: 1,
          iterations: 4_096,
          salt,
          saltedPassword: Buffer.from('xKSVEDI6tPlSysH6mUQZOeeOp01r6B3fcJbodRPcYV0=', 'base64'),
        },
      ],
    })
    expect(JSON.stringify(kafka.asked)).not.toContain('pencil')
  })

  it('lose one credential, and it is no failure when an earlier try took it whose answer was lost', async () => {
    accepting('RESOURCE_NOT_FOUND')
    const gone = { clusterId, user: 'alice', mechanism: 'SCRAM-SHA-512' } as const
    await expect(settle(admin.security.deleteCredential(gone))).rejects.toMatchObject({ code: 'RESOURCE_NOT_FOUND' })
    const usual = kafka.scripted(AlterUserScramCredentials)
    let tries = 0
    kafka.script(AlterUserScramCredentials, (request, call) => {
      if (++tries === 1) kafka.world.breakConnections('client', `broker${call.broker}`)
      return usual(request, call)
    })
    await settle(admin.security.deleteCredential(gone))
    expect(asked('AlterUserScramCredentials').at(-1)?.request).toEqual({ deletions: [{ name: 'alice', mechanism: 2 }], upsertions: [] })
  })
})

describe('client quotas', () => {
  const entity = (...parts: readonly (readonly [string, string | null])[]) =>
    parts.map(([entityType, entityName]) => ({ entityType, entityName }))

  it('are listed as they are set, defaults first; kinds that are too new are left out', async () => {
    kafka.script(DescribeClientQuotas, () => ({
      throttleTimeMs: 0,
      errorCode: 0,
      errorMessage: null,
      entries: [
        { entity: entity(['ip', '10.0.0.1']), values: [{ key: 'connection_creation_rate', value: 5 }] },
        { entity: entity(['client-id', 'app'], ['user', 'alice']), values: [{ key: 'request_percentage', value: 12.5 }] },
        { entity: entity(['planet', 'mars']), values: [{ key: 'producer_byte_rate', value: 1 }] },
        { entity: entity(['user', 'alice']), values: [{ key: 'producer_byte_rate', value: 1_024 }] },
        { entity: entity(['user', null]), values: [{ key: 'producer_byte_rate', value: 512 }] },
      ],
    }))
    expect(await settle(admin.security.quotas({ clusterId }))).toEqual([
      { entity: entity(['user', null]), values: { producer_byte_rate: 512 } },
      { entity: entity(['user', 'alice']), values: { producer_byte_rate: 1_024 } },
      { entity: entity(['user', 'alice'], ['client-id', 'app']), values: { request_percentage: 12.5 } },
      { entity: entity(['ip', '10.0.0.1']), values: { connection_creation_rate: 5 } },
    ])
  })

  it('are set and taken away for one entity as a whole', async () => {
    let error: 'NONE' | 'INVALID_REQUEST' = 'NONE'
    kafka.script(AlterClientQuotas, ({ entries }) => ({
      throttleTimeMs: 0,
      entries: entries.map(each => ({ errorCode: errorCode(error), errorMessage: 'Not so.', entity: each.entity })),
    }))
    const change = {
      clusterId,
      entity: [{ entityType: 'user', entityName: null }] as [{ entityType: 'user'; entityName: null }],
      changes: [
        { name: 'producer_byte_rate', value: 2_048 },
        { name: 'consumer_byte_rate', value: null },
      ],
    }
    await settle(admin.security.alterQuotas(change))
    expect(asked('AlterClientQuotas')).toMatchObject([
      {
        broker: 2,
        request: {
          entries: [
            {
              entity: [{ entityType: 'user', entityName: null }],
              ops: [
                { key: 'producer_byte_rate', value: 2_048, remove: false },
                { key: 'consumer_byte_rate', value: 0, remove: true },
              ],
            },
          ],
          validateOnly: false,
        },
      },
    ])
    error = 'INVALID_REQUEST'
    await expect(settle(admin.security.alterQuotas(change))).rejects.toMatchObject({ message: 'Not so.' })
  })
})
