import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { copyText } from '../../composables/copyText.ts'
import { useFailureText } from '../../composables/useFailureText.ts'
import { isReadOnly } from '../../composables/useReadOnly.ts'
import { themeChoice } from '../../composables/useTheme.ts'
import { locale } from '../../i18n/index.ts'
import { type BrokerAction, useClusterStore } from '../../stores/cluster.ts'
import { type Command, useCommands } from '../../stores/commands.ts'
import { useGroupsStore } from '../../stores/groups.ts'
import { useToastsStore } from '../../stores/toasts.ts'
import { useTopicsStore } from '../../stores/topics.ts'
import { useReadOnlySwitch } from '../useReadOnlySwitch.ts'

/** What can be asked of a broker in its state, and what takes it back. */
const BROKER_ACTIONS: Readonly<Record<string, readonly BrokerAction[]>> = {
  running: ['stop', 'pause', 'restart', 'kill'],
  frozen: ['resume', 'kill'],
  stopped: ['start'],
  killed: ['start'],
  died: ['start'],
}
const UNDO: Partial<Record<BrokerAction, BrokerAction>> = { stop: 'start', kill: 'start', pause: 'resume', resume: 'pause' }

/** Offers every screen, topic, group and broker, and what can be done from anywhere. */
export function useAppCommands() {
  const { t } = useI18n()
  const router = useRouter()
  const cluster = useClusterStore()
  const topics = useTopicsStore()
  const groups = useGroupsStore()
  const toasts = useToastsStore()
  const failureText = useFailureText()
  const setReadOnly = useReadOnlySwitch()
  const go = (to: Parameters<typeof router.push>[0]) => () => void router.push(to)

  useCommands(() =>
    (['cluster', 'topics', 'groups', 'metadata', 'security', 'audit'] as const).map(name => ({
      id: `screen:${name}`,
      kind: 'screen',
      title: t(`palette.screens.${name}`),
      keywords: name,
      run: go({ name }),
    })),
  )

  async function act(action: BrokerAction, brokerId: number) {
    try {
      await cluster.act(action, brokerId)
    } catch (error) {
      toasts.show('danger', t(`cluster.notDone.${action}`, { id: brokerId }), failureText(error))
      return
    }
    const back = UNDO[action]
    const undo = back === undefined ? null : { label: t('palette.undo'), act: () => void act(back, brokerId) }
    toasts.show('neutral', t(`palette.brokerDone.${action}`, { id: brokerId }), '', undo)
  }
  // A snapshot comes several times a second; commands change only when a broker does.
  const brokerStates = computed(() => cluster.brokers.map(({ brokerId, state }) => `${brokerId} ${state}`).join())
  useCommands(() =>
    brokerStates.value.split(',').flatMap(each => {
      const [id = '', state = ''] = each.split(' ')
      const brokerId = Number(id)
      if (id === '') return []
      const place: Command = {
        id: `broker:${id}`,
        kind: 'broker',
        title: t('broker.name', { id }),
        run: go({ name: 'broker', params: { id } }),
      }
      const actions = (BROKER_ACTIONS[state] ?? []).map<Command>(action => ({
        id: `broker:${id}:${action}`,
        kind: 'action',
        title: t(`palette.broker.${action}`, { id }),
        keywords: `${action} broker ${id}`,
        isChange: true,
        run: () => void act(action, brokerId),
      }))
      return [place, ...actions]
    }),
  )

  useCommands(() =>
    topics.topics.map(({ name }) => ({
      id: `topic:${name}`,
      kind: 'topic',
      title: name,
      run: go({ name: 'topic', params: { topic: name } }),
    })),
  )
  useCommands(() =>
    groups.groups.map(({ groupId }) => ({
      id: `group:${groupId}`,
      kind: 'group',
      title: groupId,
      run: go({ name: 'group', params: { groupId } }),
    })),
  )

  async function copyServers() {
    const servers = cluster.snapshot?.bootstrapServers ?? ''
    if (servers !== '' && (await copyText(servers))) toasts.show('neutral', t('common.copied'), servers)
  }
  const action = (id: string, title: string, keywords: string, run: () => void, isChange = false): Command => ({
    id: `action:${id}`,
    kind: 'action',
    title,
    keywords,
    isChange,
    run,
  })
  useCommands(() => [
    action('createTopic', t('topics.create'), 'create topic new', go({ name: 'topics', query: { create: '1' } }), true),
    action('addAcl', t('security.acls.add'), 'add create acl permission', go({ name: 'acls', query: { add: '1' } }), true),
    action('setPassword', t('security.users.add'), 'scram user password credential', go({ name: 'users', query: { add: '1' } }), true),
    action('setQuotas', t('security.quotas.add'), 'quota limit rate', go({ name: 'quotas', query: { add: '1' } }), true),
    action('copyServers', t('shell.copyServers'), 'copy bootstrap servers', () => void copyServers()),
    ...(['light', 'dark', 'system'] as const).map(theme =>
      action(
        `theme:${theme}`,
        t('palette.theme', { theme: t(`shell.themes.${theme}`) }),
        `theme ${theme}`,
        () => (themeChoice.value = theme),
      ),
    ),
    action('language:en', 'English', 'language english', () => (locale.value = 'en')),
    action('language:zh-CN', '简体中文', 'language chinese zhongwen', () => (locale.value = 'zh-CN')),
    action('readOnly', isReadOnly.value ? t('shell.readOnly.leave') : t('shell.readOnly.enter'), 'read-only mode', () =>
      setReadOnly(!isReadOnly.value),
    ),
  ])
}
