# Row 14: keepalived up to 1.3.6 formed the version 3 checksum with the group's address. A peer that
# does is answered alike from then on: the packets are made anew (rev). Never is never, and a
# stranger changes nothing.
instance V1 eth0 vrid=51 version=3 prio=100 addr=10.0.0.100 source=10.0.0.1 peer=10.0.0.2 peer=10.0.0.3 garp_delay=0
instance V2 eth0 vrid=52 version=3 prio=100 addr=10.0.0.101 source=10.0.0.1 peer=10.0.0.2 old_sum=never garp_delay=0
instance V3 eth0 vrid=53 version=3 prio=100 addr=10.0.0.102 source=10.0.0.1 peer=10.0.0.2 old_sum=always garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> arm V2 MasterDown @3.609375
> arm V3 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
> tell (V2) INIT -> BACKUP: starting
> tell (V3) INIT -> BACKUP: starting
@1 < advert prio=90 sum=old from=10.9.9.9
> note (V1) 10.9.9.9 forms its checksum as keepalived before 1.3.7 did over unicast
@1.1 < advert like=V2 prio=200 sum=old
> note (V2) advert from 10.0.0.2 on eth0 ignored: wrong checksum
@1.2 < advert like=V3 prio=200 sum=old
> note (V3) 10.0.0.2 forms its checksum as keepalived before 1.3.7 did over unicast
@1.3 < advert like=V3 prio=200 sum=pseudo
> note (V3) 10.0.0.2 forms its checksum with the IPv4 pseudo-header
@1.4 < advert like=V3 prio=200 sum=bad
> note (V3) advert from 10.0.0.2 on eth0 ignored: wrong checksum
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> tell (V1) BACKUP -> MASTER: preempting 10.9.9.9, which has lower priority
@3.609375 * V2 MasterDown
> advertise V2 prio=100 rev=1
> claim V2 repeat=5
> arm V2 Advert @4.609375
> tell (V2) BACKUP -> MASTER: no advert for 3.609375 s
@3.609375 * V3 MasterDown
> arm V3 MasterDown @4.909375
@4 < wait
@4.1 < advert prio=90 sum=old
> advertise V1 prio=100 rev=2
> announce V1 repeat=5
> arm V1 Advert @4.609375
> note (V1) 10.0.0.2 forms its checksum as keepalived before 1.3.7 did over unicast
> note (V1): 10.0.0.2 is MASTER too, with lower priority 90
@4.2 < advert prio=90 sum=old
> advertise V1 prio=100 rev=2
> announce V1 repeat=5
> arm V1 Advert @5.109375
> note (V1): 10.0.0.2 is MASTER too, with lower priority 90
@4.3 < advert prio=90 sum=pseudo
> advertise V1 prio=100 rev=2
> announce V1 repeat=5
> arm V1 Advert @5.109375
> note (V1) 10.0.0.2 forms its checksum with the IPv4 pseudo-header
> note (V1): 10.0.0.2 is MASTER too, with lower priority 90
@4.4 < advert prio=90 sum=pseudo from=10.0.0.3
> note (V1) 10.0.0.3 forms its checksum with the IPv4 pseudo-header
> note (V1): 10.0.0.3 is MASTER too, with lower priority 90
@4.5 < advert prio=90 sum=old from=10.0.0.3
> note (V1) 10.0.0.3 forms its checksum as keepalived before 1.3.7 did over unicast
> note (V1): 10.0.0.3 is MASTER too, with lower priority 90
@4.6 < show V2
> V2 MASTER wants=MASTER prio=100 source=10.0.0.1 interval=1 sent:1 become:1 checksum:1
