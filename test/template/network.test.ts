import { describe, expect, it } from 'vitest';
import { deploy } from './deployed.ts';
import { fullParameters, fullStack, plainStack } from './package-stack.ts';

const plain = deploy(await plainStack());
const given = deploy(await fullStack());

describe('the network of a stack that makes its own', () => {
  it('has three public subnets in three zones, none inside another', () => {
    const subnets = plain.logicalIds('AWS::EC2::Subnet').map((id) => plain.properties(id));
    expect(subnets.map(({ MapPublicIpOnLaunch: open }) => open)).toEqual([true, true, true]);
    expect(new Set(subnets.map(({ AvailabilityZone: zone }) => zone)).size).toBe(3);
    expect(subnets.map(({ CidrBlock: block }) => block)).toEqual([
      '10.20.0.0/20',
      '10.20.16.0/20',
      '10.20.32.0/20',
    ]);
    for (const { VpcId } of subnets) expect(VpcId).toBe(plain.ref('Vpc'));
  });

  it('reaches the internet by a gateway, from every subnet', () => {
    expect(plain.properties('InternetRoute')).toEqual({
      RouteTableId: plain.ref('RouteTable'),
      DestinationCidrBlock: '0.0.0.0/0',
      GatewayId: plain.ref('InternetGateway'),
    });
    expect(plain.resource('InternetRoute').DependsOn).toEqual(['GatewayAttachment']);
    const routed = plain
      .logicalIds('AWS::EC2::SubnetRouteTableAssociation')
      .map((id) => plain.properties(id));
    expect(routed).toEqual(
      plain
        .logicalIds('AWS::EC2::Subnet')
        .map((id) => ({ SubnetId: plain.ref(id), RouteTableId: plain.ref('RouteTable') })),
    );
  });

  it('reaches Amazon S3 by a gateway endpoint, which is free', () => {
    expect(plain.logicalIds('AWS::EC2::VPCEndpoint')).toEqual(['StorageEndpoint']);
    expect(plain.properties('StorageEndpoint')).toEqual({
      VpcEndpointType: 'Gateway',
      VpcId: plain.ref('Vpc'),
      ServiceName: 'com.amazonaws.us-east-1.s3',
      RouteTableIds: [plain.ref('RouteTable')],
    });
  });
});

describe('the network of any stack', () => {
  it('has no NAT gateway, which would take a fee for every byte', () => {
    for (const stack of [plain, given])
      for (const type of ['AWS::EC2::NatGateway', 'AWS::EC2::EIP'])
        expect(stack.logicalIds(type)).toEqual([]);
  });

  it('lets nobody in', () => {
    for (const stack of [plain, given]) {
      expect(stack.logicalIds('AWS::EC2::SecurityGroup')).toEqual(['WorkerSecurityGroup']);
      expect(stack.properties('WorkerSecurityGroup')['SecurityGroupIngress']).toBeUndefined();
      expect(stack.logicalIds('AWS::EC2::SecurityGroupIngress')).toEqual([]);
      expect(stack.properties('WorkerSecurityGroup')['SecurityGroupEgress']).toEqual([
        expect.objectContaining({ IpProtocol: 'tcp', FromPort: 1, ToPort: 65_535, CidrIp: '0.0.0.0/0' }),
      ]);
    }
  });
});

describe('a stack in an existing VPC', () => {
  it('makes no network of its own', () => {
    const made = given.logicalIds().filter((id) => /^AWS::EC2::/.test(given.resource(id).Type));
    expect(made.sort()).toEqual(['WorkerLaunchTemplate', 'WorkerSecurityGroup']);
    expect(given.properties('WorkerSecurityGroup')['VpcId']).toBe(fullParameters.vpcId);
  });

  it('starts its workers in the subnets that are given', () => {
    expect(given.properties('WorkerGroup')['VPCZoneIdentifier']).toEqual(fullParameters.subnetIds.split(','));
  });
});
