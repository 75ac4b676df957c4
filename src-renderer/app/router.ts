import { createRouter, createWebHashHistory } from 'vue-router'

export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/', redirect: '/cluster' },
    { path: '/cluster', name: 'cluster', component: () => import('../views/cluster/ClusterView.vue') },
    { path: '/topics', name: 'topics', component: () => import('../views/topics/TopicsView.vue') },
    {
      path: '/topics/:topic',
      name: 'topic',
      props: true,
      component: () => import('../views/topic/TopicView.vue'),
      redirect: to => ({ name: 'messages', params: to.params }),
      children: [
        { path: 'messages', name: 'messages', props: true, component: () => import('../views/topic/messages/MessagesTab.vue') },
        { path: 'segments', name: 'segments', props: true, component: () => import('../views/topic/segments/SegmentsTab.vue') },
        { path: 'config', name: 'config', props: true, component: () => import('../views/topic/config/ConfigTab.vue') },
        { path: 'statistics', name: 'statistics', props: true, component: () => import('../views/topic/statistics/StatisticsTab.vue') },
        { path: 'schema', name: 'schema', props: true, component: () => import('../views/topic/schema/SchemaTab.vue') },
        { path: 'partitions', name: 'partitions', props: true, component: () => import('../views/topic/partitions/PartitionsTab.vue') },
      ],
    },
    { path: '/groups', name: 'groups', component: () => import('../views/groups/GroupsView.vue') },
    { path: '/groups/:groupId', name: 'group', props: true, component: () => import('../views/groups/GroupView.vue') },
    { path: '/brokers/:id(\\d+)', name: 'broker', props: true, component: () => import('../views/brokers/BrokerView.vue') },
    {
      path: '/security',
      name: 'security',
      component: () => import('../views/security/SecurityView.vue'),
      redirect: { name: 'acls' },
      children: [
        { path: 'acls', name: 'acls', component: () => import('../views/security/acls/AclsTab.vue') },
        { path: 'users', name: 'users', component: () => import('../views/security/users/UsersTab.vue') },
        { path: 'quotas', name: 'quotas', component: () => import('../views/security/quotas/QuotasTab.vue') },
      ],
    },
    { path: '/metadata', name: 'metadata', component: () => import('../views/metadata/MetadataView.vue') },
    { path: '/audit', name: 'audit', component: () => import('../views/audit/AuditView.vue') },
    { path: '/:rest(.*)*', redirect: '/cluster' },
  ],
})
