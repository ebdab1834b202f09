# Row 14: check_unicast_src: who is no peer, or nearer or farther away than a peer may be, is not
# believed. The first peer may be anywhere.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 source=10.0.0.1 check_src peer=10.0.1.2 peer=10.0.2.2/60/62 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < advert prio=200 ttl=1
@2 < advert prio=200 from=10.9.9.9
> note (V1) advert from 10.9.9.9 with TTL 255, which is not what a peer sends
@2.1 < advert prio=200 from=10.0.2.2 ttl=59
> note (V1) advert from 10.0.2.2 with TTL 59, which is not what a peer sends
@2.2 < advert prio=200 from=10.0.2.2 ttl=63
> note (V1) advert from 10.0.2.2 with TTL 63, which is not what a peer sends
@3 < advert prio=200 from=10.0.2.2 ttl=60
@3.609375 * V1 MasterDown
> arm V1 MasterDown @6.609375
@4 < advert prio=200 from=10.0.2.2 ttl=62
@4.1 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 master=10.0.2.2/200 interval=1 rcvd:3 ttl:2 destination:1
@6.609375 * V1 MasterDown
> arm V1 MasterDown @7.609375
@7.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @8.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@8.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @9.609375
@9 < wait
@9.1 < advert prio=254 from=10.9.9.9
> note (V1) advert from 10.9.9.9 with TTL 255, which is not what a peer sends
@9.2 < show V1
> V1 MASTER wants=MASTER prio=100 source=10.0.0.1 interval=1 rcvd:3 sent:2 become:1 ttl:2 destination:2
