# Row 49: a flood of lower adverts: three answers in an interval, the first at once, the own
# adverts on top.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@4.1 < wait
@4.100 < advert prio=99
> advertise V1 prio=100 rev=1
> announce V1 repeat=5
> arm V1 Advert @5.1
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
@4.101 < advert prio=99
> advertise V1 prio=100 rev=1
> announce V1 repeat=5
> arm V1 Advert @5.101
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
@4.102 < advert prio=99
> advertise V1 prio=100 rev=1
> announce V1 repeat=5
> arm V1 Advert @5.102
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
@4.103 < advert prio=99
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
@4.104 < advert prio=99
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
@4.105 < advert prio=99
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
@4.106 < advert prio=99
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
@4.107 < advert prio=99
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
@4.108 < advert prio=99
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
@4.109 < advert prio=99
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
@4.110 < advert prio=99
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
@4.111 < advert prio=99
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
@4.112 < advert prio=99
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
@4.113 < advert prio=99
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
@4.114 < advert prio=99
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
@4.115 < advert prio=99
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
@4.116 < advert prio=99
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
@4.117 < advert prio=99
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
@4.118 < advert prio=99
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
@4.119 < advert prio=99
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
@4.8 < show V1
> V1 MASTER wants=MASTER prio=100 source=10.0.0.1 interval=1 rcvd:20 sent:4 become:1
@5.102 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @6.102
@5.2 < advert prio=99
> advertise V1 prio=100 rev=1
> announce V1 repeat=5
> arm V1 Advert @6.2
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
@5.3 < show V1
> V1 MASTER wants=MASTER prio=100 source=10.0.0.1 interval=1 rcvd:21 sent:6 become:1
