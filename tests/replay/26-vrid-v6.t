# Rows 26 and 70: one VRID in both families on an interface is two virtual routers; one on another
# interface is none of ours.
instance V4 eth0 vrid=51 version=3 prio=100 addr=10.0.0.100 garp_delay=0
instance V6 eth0 vrid=51 prio=100 addr=fe80::100 garp_delay=0
instance W6 eth1 vrid=52 prio=100 addr=fe80::100 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1 ip6=fe80::1
@0 < link eth1 index=3 up ip6=fe80::1
@0 < start
> arm V4 MasterDown @3.609375
> arm V6 MasterDown @3.609375
> arm W6 MasterDown @3.609375
> tell (V4) INIT -> BACKUP: starting
> tell (V6) INIT -> BACKUP: starting
> tell (W6) INIT -> BACKUP: starting
@1 < advert like=V6 prio=200
@2 < advert like=V6 prio=200
@3 < advert like=V6 prio=200
@3.5 < advert like=V6 prio=200 vrid=52
> note advert from fe80::2 on eth0 ignored: no virtual router 52 here
@3.6 < advert like=W6 prio=200 on=eth0
> note advert from fe80::2 on eth0 ignored: no virtual router 52 here
@3.609375 * V4 MasterDown
> advertise V4 prio=100 rev=1
> claim V4 repeat=5
> arm V4 Advert @4.609375
> tell (V4) BACKUP -> MASTER: no advert for 3.609375 s
@3.609375 * V6 MasterDown
> arm V6 MasterDown @6.609375
@3.609375 * W6 MasterDown
> advertise W6 prio=100 rev=1
> claim W6 repeat=5
> arm W6 Advert @4.609375
> tell (W6) BACKUP -> MASTER: no advert for 3.609375 s
@3.7 < advert like=V6 prio=200 vrid=53
> note advert from fe80::2 on eth0 ignored: no virtual router 53 here
@4 < advert like=V6 prio=200
@4.1 < show V4
> V4 MASTER wants=MASTER prio=100 source=10.0.0.1 interval=1 sent:1 become:1
@4.1 < show V6
> V6 BACKUP wants=BACKUP prio=100 source=fe80::1 master=fe80::2/200 interval=1 rcvd:4
@4.1 < show W6
> W6 MASTER wants=MASTER prio=100 source=fe80::1 interval=1 sent:1 become:1
@4.5 < advert like=V4 prio=200
> release V4
> disarm V4 Advert
> arm V4 MasterDown @8.109375
> note (V4) 10.0.0.2 forms its checksum with the IPv4 pseudo-header
> tell (V4) MASTER -> BACKUP: advert from 10.0.0.2 with higher priority 200
@4.6 < show V6
> V6 BACKUP wants=BACKUP prio=100 source=fe80::1 master=fe80::2/200 interval=1 rcvd:4
