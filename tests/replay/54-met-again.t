# Row 54: after two Masters met the winner announces again, once now and once more later, and
# the loser not at all. A later meeting starts anew.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 lower_delay=3
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> arm V1 SecondBurst @8.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@4.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @5.609375
@5.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @6.609375
@6.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @7.609375
@7.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @8.609375
@8.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @9.609375
@8.609375 * V1 SecondBurst
> announce V1 repeat=5
@9.2 < advert prio=90
> advertise V1 prio=100 rev=1
> announce V1 repeat=5
> arm V1 Advert @10.2
> arm V1 LowerPrioBurst @12.2
> note (V1): 10.0.0.2 is MASTER too, with lower priority 90
@9.3 < advert prio=90
> advertise V1 prio=100 rev=1
> announce V1 repeat=5
> arm V1 Advert @10.3
> note (V1): 10.0.0.2 is MASTER too, with lower priority 90
@10.3 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @11.3
@11.3 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @12.3
@12.2 * V1 LowerPrioBurst
> announce V1 repeat=5
@12.3 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @13.3
@13.3 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @14.3
@14 < advert prio=90
> advertise V1 prio=100 rev=1
> announce V1 repeat=5
> arm V1 Advert @15
> arm V1 LowerPrioBurst @17
> note (V1): 10.0.0.2 is MASTER too, with lower priority 90
@15 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @16
@16 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @17
@17 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @18
@17 * V1 LowerPrioBurst
> announce V1 repeat=5
@18 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @19
@19 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @20
@20 < advert prio=110
> release V1
> disarm V1 Advert
> arm V1 MasterDown @23.609375
> tell (V1) MASTER -> BACKUP: advert from 10.0.0.2 with higher priority 110
@21 < wait
