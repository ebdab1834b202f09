# Row 33: vrrp_skip_check_adv_addr looks at the list of a sender once, and always as Master.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 skip_check
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@0.5 < advert prio=200 addr=10.0.0.101
> note (V1) the address list of 10.0.0.2 differs from ours
@1.5 < advert prio=200 addr=10.0.0.101
@2 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 master=10.0.0.2/200 interval=1 rcvd:2 list:1
@2.5 < advert prio=200 addr=10.0.0.101 from=10.0.0.3
> note (V1) the address list of 10.0.0.3 differs from ours
@3 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 master=10.0.0.3/200 interval=1 rcvd:3 list:2
@3.609375 * V1 MasterDown
> arm V1 MasterDown @6.109375
@6.109375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @7.109375
> arm V1 SecondBurst @11.109375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@7 < wait
@7 < advert prio=50 addr=10.0.0.101
> advertise V1 prio=100 rev=1
> announce V1 repeat=5
> arm V1 Advert @8
> arm V1 LowerPrioBurst @12
> note (V1) the address list of 10.0.0.2 differs from ours
> note (V1): 10.0.0.2 is MASTER too, with lower priority 50
@7.1 < advert prio=50 addr=10.0.0.101
> advertise V1 prio=100 rev=1
> announce V1 repeat=5
> arm V1 Advert @8.1
> note (V1): 10.0.0.2 is MASTER too, with lower priority 50
@7.2 < show V1
> V1 MASTER wants=MASTER prio=100 source=10.0.0.1 interval=1 rcvd:5 sent:3 become:1 list:4
