import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AdminServices, adminServices } from '../../src-main/admin/adminServices.ts'
import type { AclFilter, NewAclBinding } from '../../src-main/contract/security.ts'
import { nodeEnv } from '../../src-main/env/node/env.ts'
import { saltPassword } from '../../src-main/hosts/saltPassword.ts'
import { eventually } from '../cluster/builtCluster.ts'
import { aFolder } from './folders.ts'
import { classpath, runKafka } from './kafka.ts'
import { KafkaBroker } from './kafkaBroker.ts'

const ACLS = 'org.apache.kafka.tools.AclCommand'
const CONFIGS = 'kafka.admin.ConfigCommand'
/** Each question to one of Kafka's tools takes a Java of its own. */
const PATIENCE_MS = 400_000
const clusterId = 'peer'

const anything: AclFilter = {
  principal: null,
  host: null,
  permission: null,
  operation: null,
  resourceType: null,
  resourceName: null,
  patternType: null,
}
const allowed = (given: Partial<NewAclBinding>): NewAclBinding => ({
  principal: 'User:alice',
  host: '*',
  permission: 'ALLOW',
  operation: 'READ',
  resourceType: 'TOPIC',
  resourceName: 'orders',
  patternType: 'LITERAL',
  ...given,
})

describe.skipIf(classpath === undefined)('the security of an Apache Kafka', { timeout: PATIENCE_MS }, () => {
  let work: string
  let kafka: KafkaBroker
  let admin: AdminServices

  const open = async (name: string, settings: Readonly<Record<string, string>>) => {
    work = aFolder(name)
    kafka = await KafkaBroker.start(work, { logDir: join(work, 'log'), format: true, settings })
    admin = adminServices(nodeEnv(), { bootstrapOf: () => [{ host: '127.0.0.1', port: kafka.port }], saltPassword })
  }
  const close = async () => {
    await admin.close()
    await kafka.stop()
    rmSync(work, { recursive: true, force: true })
  }
  const said = async (tool: string, ...args: readonly string[]) => {
    const { stdout, stderr } = await runKafka(tool, '--bootstrap-server', `127.0.0.1:${kafka.port}`, ...args)
    return [...stdout, stderr].join('\n')
  }

  describe('with an authorizer', () => {
    beforeAll(
      () =>
        open('security', {
          'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
          'super.users': 'User:ANONYMOUS',
        }),
      PATIENCE_MS,
    )
    afterAll(close)

    const bindings = async (filter: Partial<AclFilter> = {}) =>
      (await admin.security.acls({ clusterId, filter: { ...anything, ...filter } })).bindings ?? []

    const all: NewAclBinding[] = [
      allowed({}),
      allowed({ operation: 'WRITE', resourceName: 'ord', patternType: 'PREFIXED' }),
      allowed({ principal: 'User:bob', permission: 'DENY', operation: 'DELETE', resourceName: '*' }),
      allowed({ principal: 'User:bob', operation: 'DESCRIBE', resourceType: 'GROUP', resourceName: 'billing', host: '10.0.0.1' }),
      allowed({ operation: 'TWO_PHASE_COMMIT', resourceType: 'TRANSACTIONAL_ID', resourceName: 'pay' }),
      allowed({ operation: 'CREATE_TOKENS', resourceType: 'USER', resourceName: 'User:bob' }),
      allowed({ operation: 'ALTER_CONFIGS', resourceType: 'CLUSTER', resourceName: 'kafka-cluster' }),
    ]

    it('takes bindings of every kind, which its own tool lists', async () => {
      await admin.security.createAcls({ clusterId, bindings: all })
      await eventually('all bindings are known', async () => (await bindings()).length === all.length)
      expect(await bindings()).toEqual(expect.arrayContaining(all))
      const listed = await said(ACLS, '--list')
      expect(listed).toContain('ResourcePattern(resourceType=TOPIC, name=ord, patternType=PREFIXED)')
      expect(listed).toContain('(principal=User:bob, host=*, operation=DELETE, permissionType=DENY)')
      expect(listed).toContain('(principal=User:alice, host=*, operation=TWO_PHASE_COMMIT, permissionType=ALLOW)')
    })

    it('says which bindings count for a resource', async () => {
      const counting = await bindings({ resourceType: 'TOPIC', resourceName: 'orders', patternType: 'MATCH' })
      expect(counting.map(({ resourceName }) => resourceName).sort()).toEqual(['*', 'ord', 'orders'])
      expect(await bindings({ principal: 'User:bob', permission: 'DENY' })).toHaveLength(1)
    })

    it('loses exactly those that were to go', async () => {
      const going = all.slice(0, 2)
      const deleted = await admin.security.deleteAcls({ clusterId, bindings: [...going, allowed({ operation: 'ALTER' })] })
      expect(deleted).toHaveLength(2)
      expect(deleted).toEqual(expect.arrayContaining(going))
      await eventually('they are gone', async () => (await bindings()).length === all.length - 2)
      expect(await bindings()).toEqual(expect.arrayContaining(all.slice(2)))
    })

    it('refuses a principal without a type, and says so', async () => {
      await expect(admin.security.createAcls({ clusterId, bindings: [allowed({ principal: 'alice' })] })).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      })
    })

    it('takes passwords and quotas that its own tool shows', async () => {
      await admin.security.setCredential({ clusterId, user: 'alice', mechanism: 'SCRAM-SHA-512', iterations: 8_192, password: 'hush' })
      await eventually('alice is known', async () => (await admin.security.users({ clusterId })).length === 1)
      expect(await admin.security.users({ clusterId })).toEqual([
        { user: 'alice', credentials: [{ mechanism: 'SCRAM-SHA-512', iterations: 8_192 }] },
      ])
      await admin.security.alterQuotas({
        clusterId,
        entity: [
          { entityType: 'user', entityName: 'alice' },
          { entityType: 'client-id', entityName: null },
        ],
        changes: [{ name: 'producer_byte_rate', value: 1_048_576 }],
      })
      await eventually('the quota is known', async () => (await admin.security.quotas({ clusterId })).length === 1)
      const shown = await said(CONFIGS, '--describe', '--entity-type', 'users', '--entity-name', 'alice')
      expect(shown).toContain('SCRAM-SHA-512=iterations=8192')
      const quotas = await said(
        CONFIGS,
        '--describe',
        '--entity-type',
        'users',
        '--entity-name',
        'alice',
        '--entity-type',
        'clients',
        '--entity-default',
      )
      expect(quotas).toContain('producer_byte_rate=1048576')

      await admin.security.deleteCredential({ clusterId, user: 'alice', mechanism: 'SCRAM-SHA-512' })
      await eventually('alice is gone', async () => (await admin.security.users({ clusterId })).length === 0)
    })
  })

  describe('without one', () => {
    beforeAll(() => open('insecurity', {}), PATIENCE_MS)
    afterAll(close)

    it('has no bindings to list, which is no failure', async () => {
      expect(await admin.security.acls({ clusterId, filter: anything })).toEqual({ bindings: null })
      await expect(admin.security.createAcls({ clusterId, bindings: [allowed({})] })).rejects.toMatchObject({ code: 'SECURITY_DISABLED' })
    })
  })
})
