/** Annotations that ask other systems for networks. */
import { expect, it } from 'vitest';
import { findUnread } from '../../src/pod/other-systems';

it.each([
  ['cni', 'flannel,weave', 'CNI-Genie'],
  ['danm.k8s.io/interfaces', '[{"tenantNetwork":"management","ip":"dynamic"}]', 'DANM'],
  ['danm.io/interfaces', '[{"network":"a"}]', 'DANM'],
  ['networks', '{"ports":[{"attach_to_network":"control"}]}', 'CNI-Genie or Knitter'],
])('%s is said not to be read, and what is', (key, value, whose) => {
  expect(findUnread({ [key]: value, other: 'x' })).toEqual([
    `annotation ${key} of ${whose} is not read: name the networks in k8s.v1.cni.cncf.io/networks`,
  ]);
});

it.each([
  ['CNI-Genie’s default', { cni: ' ' }],
  ['what CNI-Genie writes', { 'multi-ip-preferences': '[ "multi entry": 0 ]' }],
  ['somebody else’s list', { networks: 'blue,green' }],
  ['the one that is read', { 'k8s.v1.cni.cncf.io/networks': 'a' }],
  ['a key that only ends alike', { 'example.com/danm.io/interfaces': '[]', toString: 'x' }],
])('%s asks nobody for networks', (_, annotations) => {
  expect(findUnread(annotations)).toEqual([]);
});
